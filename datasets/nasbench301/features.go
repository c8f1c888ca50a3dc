package nasbench301

import "github.com/cr-lso/cr-lso/datasets"

// NumFeatures is the number of features that the surrogate sees of an architecture.
const NumFeatures = 56

// Where features are: hyperparameters of the benchmark in the order of ConfigSpace, those without
// conditions by name, then those with conditions by name.
const (
	firstEdges       = 10 // edge_normal_0, edge_normal_1, edge_reduce_0, edge_reduce_1
	inputsNode       = 15 // inputs_node_normal_3 to 5, inputs_node_reduce_3 to 5
	conditionalEdges = 32 // edge_normal_10 to 13, edge_normal_2 to 9, and the same of edge_reduce
)

// fixedFeatures are those of the training settings, which are the same for all architectures:
// fixed_hyperparameters of the benchmark's nasbench301/api.py, scaled by ConfigSpace 0.4.12. Those
// that depend on the architecture are -1, which stands for an edge that is not there.
var fixedFeatures = func() (x [NumFeatures]float32) {
	for i := firstEdges; i < NumFeatures; i++ {
		x[i] = -1
	}
	for i, value := range map[int]float32{
		0:  0.5863451791322553,   // batch_size 96
		1:  0,                    // augment True
		2:  0,                    // autoaugment False
		3:  0,                    // cutout True
		4:  0.16666444442962952,  // cutout_holes 1
		5:  0.3099999239999697,   // cutout_length 16
		6:  0,                    // fastautoaugment False
		7:  0,                    // loss_module cross_entropy
		8:  0,                    // auxiliary True
		9:  0,                    // drop_path_prob 0.2
		14: 0.003149999006299998, // init_channels 32
		21: 0.000749999001499998, // layers 8
		22: 0,                    // network darts
		23: 0,                    // optimizer sgd
		24: -3.6888794541139363,  // learning_rate 0.025
		25: 0.8988764044943821,   // momentum 0.9
		26: -8.111728083308073,   // weight_decay 0.0003
		27: 0.009949999019899998, // T_max 100
		28: 1e-12,                // eta_min 1e-8
		29: 0,                    // lr_scheduler cosine_annealing
		30: 0,                    // batch_loss_computation_technique mixup
		31: 0.7051278400653053,   // mixup:alpha 0.2
	} {
		x[i] = value
	}
	return x
}()

// Features returns what the surrogate sees of a: the benchmark's ConfigSpace encoding. For each
// cell, each possible edge has the number of its operation, -1 if it is not there, and each node
// from 3 on has the number of its pair of sources in the order 0_1, 0_2, ..., 1_2, .... It panics
// if a is not of this space.
//
// Source: convert_genotype_to_config in nasbench301/representations.py,
// nasbench301/configspace.json and query in
// nasbench301/surrogate_models/gradient_boosting/xgboost.py of automl/nasbench301.
func Features(a datasets.Arch) [NumFeatures]float32 { return genotypeOf(a).features() }

func (g Genotype) features() [NumFeatures]float32 {
	x := fixedFeatures
	g = g.canonical()
	for i, c := range []Cell{g.Normal, g.Reduce} {
		for j, edge := range c {
			x[edgeFeature(i, possibleEdge(int(edge.From), inputs+j/inputs))] = float32(edge.Op)
		}
		for node := 3; node < CellNodes; node++ {
			j := (node - inputs) * inputs
			x[inputsNode+3*i+node-3] = float32(pairNumber(int(c[j].From), int(c[j+1].From), node))
		}
	}
	return x
}

// edgeFeature returns where the feature of a possible edge is; the normal cell is 0, the other 1.
// By name, edge 10 comes before edge 2.
func edgeFeature(cell, edge int) int {
	switch {
	case edge < 2:
		return firstEdges + 2*cell + edge
	case edge < 10:
		return conditionalEdges + 12*cell + 4 + edge - 2
	}
	return conditionalEdges + 12*cell + edge - 10
}

// pairNumber returns the number of the pair u < v among the pairs of n nodes, by u and then v.
func pairNumber(u, v, n int) int { return u*(2*n-u-1)/2 + v - u - 1 }
