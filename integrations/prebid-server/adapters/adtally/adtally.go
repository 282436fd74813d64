// Package adtally asks an Adtally for bids by OpenRTB 2.6.
package adtally

import (
	"fmt"
	"net/http"

	"github.com/prebid/openrtb/v20/openrtb2"
	"github.com/prebid/prebid-server/v3/adapters"
	"github.com/prebid/prebid-server/v3/config"
	"github.com/prebid/prebid-server/v3/errortypes"
	"github.com/prebid/prebid-server/v3/openrtb_ext"
	"github.com/prebid/prebid-server/v3/util/jsonutil"
)

type adapter struct {
	endpoint string
}

// Builder makes the bidder. Whoever runs an Adtally has an endpoint of their own.
func Builder(bidderName openrtb_ext.BidderName, config config.Adapter, server config.Server) (adapters.Bidder, error) {
	return &adapter{endpoint: config.Endpoint}, nil
}

// MakeRequests sends the request as it stands, all imps at once: Adtally keeps the ads of one answer apart and reads imp.ext.bidder itself.
func (a *adapter) MakeRequests(request *openrtb2.BidRequest, requestInfo *adapters.ExtraRequestInfo) ([]*adapters.RequestData, []error) {
	body, err := jsonutil.Marshal(request)
	if err != nil {
		return nil, []error{err}
	}
	headers := http.Header{}
	headers.Set("Content-Type", "application/json;charset=utf-8")
	headers.Set("Accept", "application/json")
	return []*adapters.RequestData{{
		Method:  http.MethodPost,
		Uri:     a.endpoint,
		Body:    body,
		Headers: headers,
		ImpIDs:  openrtb_ext.GetImpIDs(request.Imp),
	}}, nil
}

// MakeBids reads bids of the currency and the types that the answer names. An answer of 204, or one with nbr, has none.
func (a *adapter) MakeBids(request *openrtb2.BidRequest, requestData *adapters.RequestData, responseData *adapters.ResponseData) (*adapters.BidderResponse, []error) {
	if adapters.IsResponseStatusCodeNoContent(responseData) {
		return nil, nil
	}
	if err := adapters.CheckResponseStatusCodeForErrors(responseData); err != nil {
		return nil, []error{err}
	}
	var answer openrtb2.BidResponse
	if err := jsonutil.Unmarshal(responseData.Body, &answer); err != nil {
		return nil, []error{&errortypes.BadServerResponse{Message: err.Error()}}
	}
	if len(answer.SeatBid) == 0 {
		return nil, nil
	}
	bids := adapters.NewBidderResponseWithBidsCapacity(len(request.Imp))
	if answer.Cur != "" {
		bids.Currency = answer.Cur
	}
	var errs []error
	for i := range answer.SeatBid {
		for j := range answer.SeatBid[i].Bid {
			bid, err := typedBid(&answer.SeatBid[i].Bid[j])
			if err != nil {
				errs = append(errs, err)
				continue
			}
			bids.Bids = append(bids.Bids, bid)
		}
	}
	return bids, errs
}

func typedBid(bid *openrtb2.Bid) (*adapters.TypedBid, error) {
	bidType, err := bidTypeOf(bid)
	if err != nil {
		return nil, err
	}
	typed := &adapters.TypedBid{
		Bid:     bid,
		BidType: bidType,
		BidMeta: &openrtb_ext.ExtBidPrebidMeta{AdvertiserDomains: bid.ADomain, MediaType: string(bidType)},
	}
	if bidType == openrtb_ext.BidTypeVideo {
		typed.BidVideo = &openrtb_ext.ExtBidPrebidVideo{Duration: int(bid.Dur)}
		if len(bid.Cat) > 0 {
			typed.BidVideo.PrimaryCategory = bid.Cat[0]
		}
	}
	return typed, nil
}

func bidTypeOf(bid *openrtb2.Bid) (openrtb_ext.BidType, error) {
	switch bid.MType {
	case openrtb2.MarkupBanner:
		return openrtb_ext.BidTypeBanner, nil
	case openrtb2.MarkupVideo:
		return openrtb_ext.BidTypeVideo, nil
	case openrtb2.MarkupAudio:
		return openrtb_ext.BidTypeAudio, nil
	case openrtb2.MarkupNative:
		return openrtb_ext.BidTypeNative, nil
	}
	return "", &errortypes.BadServerResponse{
		Message: fmt.Sprintf("bid %s for imp %s has mtype %d, which is none", bid.ID, bid.ImpID, bid.MType),
	}
}
