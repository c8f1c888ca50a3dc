package toy

import (
	"testing"

	"github.com/cr-lso/cr-lso/datasets/spacetest"
)

func TestSpace(t *testing.T) { spacetest.Run(t, Space{}) }
