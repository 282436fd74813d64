module github.com/prebid/openrtb/v20

go 1.23
