package nasbenchgraph

import (
	"testing"

	"github.com/cr-lso/cr-lso/datasets/spacetest"
)

func TestContract(t *testing.T) { spacetest.Run(t, Space{}) }

func TestContractOfProteins(t *testing.T) { spacetest.Run(t, Proteins()) }
