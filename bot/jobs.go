package bot

import "headgoose/storage/record"

type jobQueue struct{}

func (*jobQueue) init() {}

func (t *Turn) document() error { return record.ErrInvalid }
