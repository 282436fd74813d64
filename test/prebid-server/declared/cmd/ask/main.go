// Ask sends a bid request through the adapter: {"endpoint", "request"} on standard input, what came of it on standard output.
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/prebid/openrtb/v20/openrtb2"
	"github.com/prebid/prebid-server/v3/adapters"
	"github.com/prebid/prebid-server/v3/adapters/adtally"
	"github.com/prebid/prebid-server/v3/config"
	"github.com/prebid/prebid-server/v3/openrtb_ext"
)

type outcome struct {
	Status   int                  `json:"status"`
	Currency string               `json:"currency"`
	Bids     []*adapters.TypedBid `json:"bids"`
	Errors   []string             `json:"errors"`
}

func main() {
	if err := ask(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func ask(input io.Reader, output io.Writer) error {
	var asked struct {
		Endpoint string              `json:"endpoint"`
		Request  openrtb2.BidRequest `json:"request"`
	}
	if err := json.NewDecoder(input).Decode(&asked); err != nil {
		return err
	}
	bidder, err := adtally.Builder(openrtb_ext.BidderAdtally, config.Adapter{Endpoint: asked.Endpoint}, config.Server{})
	if err != nil {
		return err
	}
	requests, errs := bidder.MakeRequests(&asked.Request, &adapters.ExtraRequestInfo{})
	if len(requests) != 1 || len(errs) > 0 {
		return fmt.Errorf("%d requests, errors %v", len(requests), errs)
	}
	answer, err := send(requests[0])
	if err != nil {
		return err
	}
	bids, errs := bidder.MakeBids(&asked.Request, requests[0], answer)
	told := outcome{Status: answer.StatusCode, Bids: []*adapters.TypedBid{}, Errors: []string{}}
	if bids != nil {
		told.Currency, told.Bids = bids.Currency, bids.Bids
	}
	for _, err := range errs {
		told.Errors = append(told.Errors, fmt.Sprintf("%T: %v", err, err))
	}
	return json.NewEncoder(output).Encode(told)
}

// send packs the request, as endpointCompression of the bidder's info says.
func send(data *adapters.RequestData) (*adapters.ResponseData, error) {
	var body bytes.Buffer
	packer := gzip.NewWriter(&body)
	if _, err := packer.Write(data.Body); err != nil {
		return nil, err
	}
	if err := packer.Close(); err != nil {
		return nil, err
	}
	request, err := http.NewRequest(data.Method, data.Uri, &body)
	if err != nil {
		return nil, err
	}
	request.Header = data.Headers
	request.Header.Set("Content-Encoding", "gzip")
	client := http.Client{Timeout: 30 * time.Second}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return &adapters.ResponseData{StatusCode: response.StatusCode, Body: text, Headers: response.Header}, err
}
