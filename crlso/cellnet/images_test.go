package cellnet

import (
	"slices"
	"testing"
)

// A part and the whole of the images to train on.
func TestPartsOfImages(t *testing.T) {
	all := digits(t)
	part := all.First(100, 40)
	if part.Train.Len() != 100 || len(part.Train.Pixels) != 6400 || part.Validation.Len() != 40 || part.Test.Len() != 397 {
		t.Errorf("%d, %d and %d images", part.Train.Len(), part.Validation.Len(), part.Test.Len())
	}
	joined := part.Joined()
	if want := slices.Concat(all.Train.Labels[:100], all.Validation.Labels[:40]); !slices.Equal(joined.Train.Labels, want) || len(joined.Train.Pixels) != 64*140 {
		t.Errorf("joined are labels %v, want %v", joined.Train.Labels, want)
	}
	if part.Train.Len() != 100 || all.Train.Len() != 1000 {
		t.Error("what it came from has changed")
	}
}
