module portcullis.example/verifier

go 1.25

require golang.org/x/mod v0.0.0

// The run puts the copy that the Go toolchain brings there: nothing is fetched.
replace golang.org/x/mod => ./mod
