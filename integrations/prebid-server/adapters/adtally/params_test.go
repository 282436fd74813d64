package adtally

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/prebid/prebid-server/v3/openrtb_ext"
)

func TestParams(t *testing.T) {
	validator, err := openrtb_ext.NewBidderParamsValidator("../../static/bidder-params")
	if err != nil {
		t.Fatalf("The schemas could not be read: %v", err)
	}
	valid := []string{
		`{"placement": "pl_1"}`,
		`{"placement": "Front page, top"}`,
		`{"placement": "pl_1", "more": true}`,
	}
	invalid := []string{
		``, `null`, `true`, `5`, `"pl_1"`, `[]`, `{}`,
		`{"placement": null}`, `{"placement": 5}`, `{"placement": ""}`, `{"other": "pl_1"}`,
		`{"placement": "` + strings.Repeat("a", 201) + `"}`,
	}
	for _, params := range valid {
		if err := validator.Validate(openrtb_ext.BidderAdtally, json.RawMessage(params)); err != nil {
			t.Errorf("valid params were refused: %s: %v", params, err)
		}
	}
	for _, params := range invalid {
		if err := validator.Validate(openrtb_ext.BidderAdtally, json.RawMessage(params)); err == nil {
			t.Errorf("invalid params were taken: %s", params)
		}
	}
}
