package openrtb_ext

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"unicode/utf8"
)

// BidderParamsValidator knows objects with properties that are strings, which is what the adapter's schema has.
type BidderParamsValidator struct{ folder string }

func NewBidderParamsValidator(folder string) (*BidderParamsValidator, error) {
	_, err := os.Stat(folder)
	return &BidderParamsValidator{folder}, err
}

func (v *BidderParamsValidator) Validate(name BidderName, params json.RawMessage) error {
	var schema struct {
		Type       string   `json:"type"`
		Required   []string `json:"required"`
		Properties map[string]struct {
			Type      string `json:"type"`
			MinLength int    `json:"minLength"`
			MaxLength int    `json:"maxLength"`
		} `json:"properties"`
	}
	text, err := os.ReadFile(filepath.Join(v.folder, string(name)+".json"))
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, &schema); err != nil {
		return err
	}
	var value any
	if err := json.Unmarshal(params, &value); err != nil {
		return err
	}
	object, isObject := value.(map[string]any)
	if schema.Type != "object" || !isObject {
		return fmt.Errorf("not an object: %s", params)
	}
	for _, key := range schema.Required {
		if _, is := object[key]; !is {
			return fmt.Errorf("%s is required", key)
		}
	}
	for key, property := range schema.Properties {
		one, is := object[key]
		if !is {
			continue
		}
		text, isString := one.(string)
		length := utf8.RuneCountInString(text)
		if property.Type != "string" || !isString || length < property.MinLength || length > property.MaxLength {
			return fmt.Errorf("%s is not as the schema has it", key)
		}
	}
	return nil
}
