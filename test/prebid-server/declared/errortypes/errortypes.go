package errortypes

// BadInput is for what the publisher's request caused.
type BadInput struct{ Message string }

func (e *BadInput) Error() string { return e.Message }

// BadServerResponse is for what the bidder's answer caused.
type BadServerResponse struct{ Message string }

func (e *BadServerResponse) Error() string { return e.Message }
