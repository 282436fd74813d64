// Package adapterstest runs cases of the form that Prebid Server's package of this name reads.
package adapterstest

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/prebid/openrtb/v20/openrtb2"
	"github.com/prebid/prebid-server/v3/adapters"
)

type expectedError struct {
	Value      string `json:"value"`
	Comparison string `json:"comparison"`
}

type caseFile struct {
	Request openrtb2.BidRequest `json:"mockBidRequest"`
	Calls   []struct {
		Request struct {
			Body    json.RawMessage `json:"body"`
			Uri     string          `json:"uri"`
			Headers http.Header     `json:"headers"`
			ImpIDs  []string        `json:"impIDs"`
		} `json:"expectedRequest"`
		Response struct {
			Status int             `json:"status"`
			Body   json.RawMessage `json:"body"`
		} `json:"mockResponse"`
	} `json:"httpCalls"`
	Responses []struct {
		Currency string `json:"currency"`
		Bids     []struct {
			Bid   json.RawMessage `json:"bid"`
			Type  string          `json:"type"`
			Video json.RawMessage `json:"video"`
		} `json:"bids"`
	} `json:"expectedBidResponses"`
	RequestErrors []expectedError `json:"expectedMakeRequestsErrors"`
	BidsErrors    []expectedError `json:"expectedMakeBidsErrors"`
}

func RunJSONBidderTest(t *testing.T, folder string, bidder adapters.Bidder) {
	files, err := filepath.Glob(filepath.Join(folder, "*", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases in %s: %v", folder, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(file, ".json"), func(t *testing.T) { runCase(t, file, bidder) })
	}
}

func runCase(t *testing.T, file string, bidder adapters.Bidder) {
	var one caseFile
	text, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(text, &one)
	}
	if err != nil {
		t.Fatal(err)
	}
	if filepath.Base(filepath.Dir(file)) == "exemplary" && len(one.RequestErrors)+len(one.BidsErrors) > 0 {
		t.Fatal("an exemplary case expects errors")
	}
	before := jsonOf(t, one.Request)
	requests, errs := bidder.MakeRequests(&one.Request, &adapters.ExtraRequestInfo{})
	sameErrors(t, errs, one.RequestErrors)
	if len(requests) != len(one.Calls) {
		t.Fatalf("%d requests instead of %d", len(requests), len(one.Calls))
	}
	errs = nil
	responses := []*adapters.BidderResponse{}
	for i, call := range one.Calls {
		same(t, "method", requests[i].Method, "POST")
		same(t, "uri", requests[i].Uri, call.Request.Uri)
		same(t, "headers", requests[i].Headers, call.Request.Headers)
		same(t, "imp ids", requests[i].ImpIDs, call.Request.ImpIDs)
		sameJson(t, "request", requests[i].Body, call.Request.Body)
		answer := &adapters.ResponseData{StatusCode: call.Response.Status, Body: call.Response.Body}
		response, more := bidder.MakeBids(&one.Request, requests[i], answer)
		errs = append(errs, more...)
		if response != nil {
			responses = append(responses, response)
		}
	}
	// Other bidders hold the same request.
	sameJson(t, "the request afterwards", jsonOf(t, one.Request), before)
	sameErrors(t, errs, one.BidsErrors)
	if len(responses) != len(one.Responses) {
		t.Fatalf("%d responses instead of %d", len(responses), len(one.Responses))
	}
	for i, expected := range one.Responses {
		same(t, "currency", responses[i].Currency, expected.Currency)
		if len(responses[i].Bids) != len(expected.Bids) {
			t.Fatalf("%d bids instead of %d", len(responses[i].Bids), len(expected.Bids))
		}
		for j, bid := range expected.Bids {
			actual := responses[i].Bids[j]
			same(t, "type", string(actual.BidType), bid.Type)
			sameJson(t, "bid", jsonOf(t, actual.Bid), bid.Bid)
			if bid.Video != nil {
				sameJson(t, "video", jsonOf(t, actual.BidVideo), bid.Video)
			}
		}
	}
}

func sameErrors(t *testing.T, actual []error, expected []expectedError) {
	t.Helper()
	if len(actual) != len(expected) {
		t.Fatalf("%d errors instead of %d: %v", len(actual), len(expected), actual)
	}
	for i, one := range expected {
		pattern := one.Value
		if one.Comparison == "literal" {
			pattern = "^" + regexp.QuoteMeta(one.Value) + "$"
		}
		if !regexp.MustCompile(pattern).MatchString(actual[i].Error()) {
			t.Errorf("error %q instead of %q", actual[i], one.Value)
		}
	}
}

func same(t *testing.T, what string, actual, expected any) {
	t.Helper()
	if !reflect.DeepEqual(actual, expected) {
		t.Errorf("%s: %v instead of %v", what, actual, expected)
	}
}

func sameJson(t *testing.T, what string, actual, expected []byte) {
	t.Helper()
	var left, right any
	if err := json.Unmarshal(actual, &left); err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	if err := json.Unmarshal(expected, &right); err != nil {
		t.Fatalf("%s, expected: %v", what, err)
	}
	if !reflect.DeepEqual(left, right) {
		t.Errorf("%s: %s instead of %s", what, actual, expected)
	}
}

func jsonOf(t *testing.T, value any) []byte {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
