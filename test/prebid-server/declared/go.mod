// Declarations of the names that Adtally's adapter for Prebid Server's Go version uses, written for its tests, where Prebid Server itself is not.
// What they prove is that the adapter compiles against these names and does what its cases say; not that it runs in a Prebid Server.
module github.com/prebid/prebid-server/v3

go 1.23

require github.com/prebid/openrtb/v20 v20.0.0

replace github.com/prebid/openrtb/v20 => ./openrtb
