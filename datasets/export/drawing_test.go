package export

import (
	"reflect"
	"testing"

	"github.com/cr-lso/cr-lso/datasets"
	"github.com/cr-lso/cr-lso/datasets/nasbench101"
	"github.com/cr-lso/cr-lso/datasets/nasbench201"
	"github.com/cr-lso/cr-lso/datasets/nasbenchgraph"
)

// Nodes and edges of a drawing are those of the architecture.
func TestDrawings(t *testing.T) {
	for _, c := range []struct {
		arch datasets.Arch
		want Drawing
	}{
		{must(nasbench201.ParseCell("|nor_conv_3x3~0|+|none~0|skip_connect~1|+|avg_pool_3x3~0|none~1|nor_conv_1x1~2|")), Drawing{
			Nodes: []string{"input", "1", "2", "output"},
			Edges: []Line{{0, 1, "nor_conv_3x3"}, {0, 2, "none"}, {1, 2, "skip_connect"}, {0, 3, "avg_pool_3x3"}, {1, 3, "none"}, {2, 3, "nor_conv_1x1"}},
		}},
		{must(nasbench101.ParseCell("010001000 input,conv3x3-bn-relu,output")), Drawing{
			Nodes: []string{"input", "conv3x3-bn-relu", "output"}, Edges: []Line{{From: 0, To: 1}, {From: 1, To: 2}},
		}},
		{must(nasbenchgraph.ParseArch("[0, 1, 2, 1] ['gcn', 'gin', 'fc', 'cheb']")), Drawing{
			Nodes: []string{"input", "gcn", "gin", "fc", "cheb", "output"},
			Edges: []Line{{From: 0, To: 1}, {From: 1, To: 2}, {From: 2, To: 3}, {From: 1, To: 4}, {From: 3, To: 5}, {From: 4, To: 5}},
		}},
	} {
		if got, err := Drawings(c.arch); err != nil || !reflect.DeepEqual(got, []Drawing{c.want}) {
			t.Errorf("%v is drawn as %v, %v, want %v", c.arch, got, err, c.want)
		}
	}
}
