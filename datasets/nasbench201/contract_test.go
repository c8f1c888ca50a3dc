package nasbench201

import (
	"testing"

	"github.com/cr-lso/cr-lso/datasets/spacetest"
)

func TestContract(t *testing.T) { spacetest.Run(t, Space{}) }
