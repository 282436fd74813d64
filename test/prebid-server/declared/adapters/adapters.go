package adapters

import (
	"fmt"
	"net/http"

	"github.com/prebid/openrtb/v20/openrtb2"
	"github.com/prebid/prebid-server/v3/errortypes"
	"github.com/prebid/prebid-server/v3/openrtb_ext"
)

type Bidder interface {
	MakeRequests(*openrtb2.BidRequest, *ExtraRequestInfo) ([]*RequestData, []error)
	MakeBids(*openrtb2.BidRequest, *RequestData, *ResponseData) (*BidderResponse, []error)
}

type ExtraRequestInfo struct{}

type RequestData struct {
	Method  string
	Uri     string
	Body    []byte
	Headers http.Header
	ImpIDs  []string
}

type ResponseData struct {
	StatusCode int
	Body       []byte
	Headers    http.Header
}

type BidderResponse struct {
	Currency string
	Bids     []*TypedBid
}

type TypedBid struct {
	Bid      *openrtb2.Bid
	BidMeta  *openrtb_ext.ExtBidPrebidMeta
	BidType  openrtb_ext.BidType
	BidVideo *openrtb_ext.ExtBidPrebidVideo
}

// NewBidderResponseWithBidsCapacity bids in USD unless the adapter says otherwise.
func NewBidderResponseWithBidsCapacity(capacity int) *BidderResponse {
	return &BidderResponse{Currency: "USD", Bids: make([]*TypedBid, 0, capacity)}
}

func IsResponseStatusCodeNoContent(response *ResponseData) bool {
	return response.StatusCode == http.StatusNoContent
}

func CheckResponseStatusCodeForErrors(response *ResponseData) error {
	message := fmt.Sprintf("Unexpected status code: %d. Run with request.debug = 1 for more info", response.StatusCode)
	switch response.StatusCode {
	case http.StatusOK:
		return nil
	case http.StatusBadRequest:
		return &errortypes.BadInput{Message: message}
	}
	return &errortypes.BadServerResponse{Message: message}
}
