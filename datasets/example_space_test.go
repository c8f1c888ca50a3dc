package datasets_test

import (
	"testing"

	"github.com/cr-lso/cr-lso/datasets/spacetest"
)

func TestTheSpaceOfTheExample(t *testing.T) { spacetest.Run(t, Chains{}) }
