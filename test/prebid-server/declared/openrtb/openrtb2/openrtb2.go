// Package openrtb2 declares of OpenRTB 2.6 what the adapter and its cases use.
package openrtb2

import "encoding/json"

type BidRequest struct {
	ID     string          `json:"id"`
	Imp    []Imp           `json:"imp,omitempty"`
	Site   json.RawMessage `json:"site,omitempty"`
	App    json.RawMessage `json:"app,omitempty"`
	Device json.RawMessage `json:"device,omitempty"`
	User   json.RawMessage `json:"user,omitempty"`
	Source json.RawMessage `json:"source,omitempty"`
	Regs   json.RawMessage `json:"regs,omitempty"`
	Cur    []string        `json:"cur,omitempty"`
	AT     int64           `json:"at,omitempty"`
	TMax   int64           `json:"tmax,omitempty"`
	Ext    json.RawMessage `json:"ext,omitempty"`
}

type Imp struct {
	ID     string          `json:"id"`
	Banner json.RawMessage `json:"banner,omitempty"`
	Video  json.RawMessage `json:"video,omitempty"`
	Audio  json.RawMessage `json:"audio,omitempty"`
	Native json.RawMessage `json:"native,omitempty"`
	Ext    json.RawMessage `json:"ext,omitempty"`
}

type BidResponse struct {
	ID      string    `json:"id"`
	SeatBid []SeatBid `json:"seatbid,omitempty"`
	Cur     string    `json:"cur,omitempty"`
}

type SeatBid struct {
	Seat string `json:"seat,omitempty"`
	Bid  []Bid  `json:"bid"`
}

type MarkupType int64

const (
	MarkupBanner MarkupType = 1
	MarkupVideo  MarkupType = 2
	MarkupAudio  MarkupType = 3
	MarkupNative MarkupType = 4
)

type Bid struct {
	ID      string          `json:"id"`
	ImpID   string          `json:"impid"`
	Price   float64         `json:"price"`
	BURL    string          `json:"burl,omitempty"`
	LURL    string          `json:"lurl,omitempty"`
	AdM     string          `json:"adm,omitempty"`
	AdID    string          `json:"adid,omitempty"`
	ADomain []string        `json:"adomain,omitempty"`
	CID     string          `json:"cid,omitempty"`
	CrID    string          `json:"crid,omitempty"`
	Cat     []string        `json:"cat,omitempty"`
	DealID  string          `json:"dealid,omitempty"`
	W       int64           `json:"w,omitempty"`
	H       int64           `json:"h,omitempty"`
	Dur     int64           `json:"dur,omitempty"`
	MType   MarkupType      `json:"mtype,omitempty"`
	Exp     int64           `json:"exp,omitempty"`
	Ext     json.RawMessage `json:"ext,omitempty"`
}
