package openrtb_ext

import "github.com/prebid/openrtb/v20/openrtb2"

type BidderName string

// BidderAdtally is what somebody who adds the adapter declares in bidders.go.
const BidderAdtally BidderName = "adtally"

type BidType string

const (
	BidTypeBanner BidType = "banner"
	BidTypeVideo  BidType = "video"
	BidTypeAudio  BidType = "audio"
	BidTypeNative BidType = "native"
)

type ExtBidPrebidMeta struct {
	AdvertiserDomains []string `json:"advertiserDomains,omitempty"`
	MediaType         string   `json:"mediaType,omitempty"`
}

type ExtBidPrebidVideo struct {
	Duration        int    `json:"duration"`
	PrimaryCategory string `json:"primary_category"`
}

func GetImpIDs(imps []openrtb2.Imp) []string {
	ids := make([]string, 0, len(imps))
	for _, imp := range imps {
		ids = append(ids, imp.ID)
	}
	return ids
}
