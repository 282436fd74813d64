package config

type Adapter struct{ Endpoint string }

type Server struct {
	ExternalUrl string
	GvlID       int
	DataCenter  string
}
