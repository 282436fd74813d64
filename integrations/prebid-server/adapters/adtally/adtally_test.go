package adtally

import (
	"testing"

	"github.com/prebid/prebid-server/v3/adapters/adapterstest"
	"github.com/prebid/prebid-server/v3/config"
	"github.com/prebid/prebid-server/v3/openrtb_ext"
)

func TestJsonSamples(t *testing.T) {
	bidder, err := Builder(
		openrtb_ext.BidderAdtally,
		config.Adapter{Endpoint: "https://ads.example/openrtb2/auction"},
		config.Server{ExternalUrl: "https://pbs.example", GvlID: 1, DataCenter: "1"},
	)
	if err != nil {
		t.Fatalf("Builder returned an unexpected error: %v", err)
	}
	adapterstest.RunJSONBidderTest(t, "adtallytest", bidder)
}
