package nasbench301

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
)

// booster is one member of the ensemble: regression trees whose predictions are added up.
type booster struct {
	base  float32
	nodes []node // of all trees
	trees []tree
}

type tree struct {
	root  uint32 // in the booster's nodes
	depth uint8
}

// node is a leaf, which predicts value, or sends features below value to the first of two children
// that follow each other, others to the second.
type node struct {
	value float32
	link  uint32 // the first child in the booster's nodes, times 256, plus the feature; for a leaf itself and noFeature
}

const (
	noFeature = 0xff
	maxNodes  = 1 << 24 // that a link can tell apart
)

// row holds the features of an architecture. noFeature is below all values, so that a walk which
// has come to a leaf stays there.
type row [noFeature + 1]float32

func newRow(x [NumFeatures]float32) *row {
	r := &row{noFeature: float32(math.Inf(-1))}
	copy(r[:], x[:])
	return r
}

// lanes is how many trees are walked at once. Memory answers several questions in the time of one,
// and the walks have no branch to guess.
const lanes = 16

// predict adds up the trees in single precision and in their order, as XGBoost does.
func (b *booster) predict(x *row) float32 {
	sum := b.base
	for start := 0; start < len(b.trees); start += lanes {
		trees := b.trees[start:min(start+lanes, len(b.trees))]
		var at [lanes]uint32
		depth := uint8(0)
		for i, t := range trees {
			at[i] = t.root
			depth = max(depth, t.depth)
		}
		for range depth {
			for i, number := range &at {
				n := b.nodes[number]
				below := math.Float32bits(x[n.link&0xff]-n.value) >> 31 // the sign
				at[i] = n.link>>8 + 1 - below
			}
		}
		for i := range trees {
			sum += b.nodes[at[i]].value
		}
	}
	return sum
}

// configHeader starts what XGBoost writes from release 1.0 on: then come the length of the binary
// model as a 64-bit integer, the binary model and the configuration as JSON. Earlier releases write
// the binary model alone, those from 1.3 on JSON or UBJSON, which the official files, older than
// that, do not have.
//
// Source: LearnerImpl::Save in src/learner.cc of XGBoost.
const configHeader = "CONFIG-offset:"

// deserialise reads the handle of a Booster: a binary model, or that and a configuration.
func deserialise(handle []byte) (*booster, error) {
	switch {
	case bytes.HasPrefix(handle, []byte("{")):
		return nil, errors.New("it was pickled by XGBoost 1.3 or later, want a release before that")
	case !bytes.HasPrefix(handle, []byte(configHeader)):
		return readModel(handle)
	}
	rest := handle[len(configHeader):]
	if len(rest) < 8 {
		return nil, io.ErrUnexpectedEOF
	}
	length := binary.LittleEndian.Uint64(rest)
	rest = rest[8:]
	if length > uint64(len(rest)) {
		return nil, fmt.Errorf("the model should have %d bytes, %d are there", length, len(rest))
	}
	if !json.Valid(rest[length:]) {
		return nil, errors.New("the configuration after the model is not JSON")
	}
	return readModel(rest[:length])
}

// XGBoost's binary model, little-endian. Rest stands for fields that are not needed.
//
// Source: LearnerModelParamLegacy in src/learner.cc, GBTreeModelParam in src/gbm/gbtree_model.h,
// TreeParam, Node and RTreeNodeStat in include/xgboost/tree_model.h of XGBoost 1.2; 0.90 has the
// same.
type (
	learnerParam struct {
		BaseScore  float32
		NumFeature uint32
		NumClass   int32
		Rest       [31]int32
	}
	forestParam struct {
		NumTrees       int32
		Rest           [5]int32
		NumOutputGroup int32 // 0 from release 1.0 on
		SizeLeafVector int32
		Reserved       [32]int32
	}
	treeParam struct {
		NumRoots       int32
		NumNodes       int32
		Rest           [3]int32
		SizeLeafVector int32 // 0, but 1 from release 2.0 on
		Reserved       [31]int32
	}
)

const (
	nodeSize = 20 // parent, left, right, feature, value
	statSize = 16
)

// cursor is what remains to be read of a model.
type cursor []byte

func (c *cursor) next(n int) ([]byte, error) {
	if n < 0 || n > len(*c) {
		return nil, io.ErrUnexpectedEOF
	}
	part := (*c)[:n]
	*c = (*c)[n:]
	return part, nil
}

func (c *cursor) read(value any) error {
	n, err := binary.Decode(*c, binary.LittleEndian, value)
	if err != nil {
		return io.ErrUnexpectedEOF
	}
	*c = (*c)[n:]
	return nil
}

func (c *cursor) string() (string, error) {
	var length uint64
	if err := c.read(&length); err != nil {
		return "", err
	}
	if length > uint64(len(*c)) {
		return "", io.ErrUnexpectedEOF
	}
	s, err := c.next(int(length))
	return string(s), err
}

// readLearner reads what comes before the trees of a binary model, and returns the base score.
func readLearner(c *cursor) (base float32, err error) {
	var learner learnerParam
	if err := c.read(&learner); err != nil {
		return 0, err
	}
	objective, err := c.string()
	if err != nil {
		return 0, fmt.Errorf("not a binary model of XGBoost: %w", err)
	}
	kind, err := c.string()
	if err != nil {
		return 0, fmt.Errorf("not a binary model of XGBoost: %w", err)
	}
	switch {
	case kind != "gbtree":
		return 0, fmt.Errorf("the model is a %q, want a gbtree", kind)
	case objective != "reg:squarederror" && objective != "reg:linear": // the same, formerly
		return 0, fmt.Errorf("the model's objective is %q, want reg:squarederror", objective)
	case learner.NumFeature != NumFeatures:
		return 0, fmt.Errorf("the model has %d features, want %d", learner.NumFeature, NumFeatures)
	case learner.NumClass > 1:
		return 0, fmt.Errorf("the model has %d classes, want a regression", learner.NumClass)
	case !plausible(learner.BaseScore):
		return 0, fmt.Errorf("the model's base score is %v", learner.BaseScore)
	}
	return learner.BaseScore, nil
}

// readModel reads a binary model. What follows the trees, attributes and metrics, is not needed.
func readModel(model []byte) (*booster, error) {
	c := cursor(bytes.TrimPrefix(model, []byte("binf"))) // some releases put this before the model
	base, err := readLearner(&c)
	if err != nil {
		return nil, err
	}
	var forest forestParam
	if err := c.read(&forest); err != nil {
		return nil, err
	}
	if forest.NumTrees < 1 || forest.NumOutputGroup > 1 || forest.SizeLeafVector > 1 {
		return nil, fmt.Errorf("the model has %d trees for %d outputs with leaf vectors of %d, want trees for one output without",
			forest.NumTrees, forest.NumOutputGroup, forest.SizeLeafVector)
	}
	b := &booster{base: base}
	for i := range forest.NumTrees {
		if err := b.readTree(&c); err != nil {
			return nil, fmt.Errorf("tree %d of %d: %w", i, forest.NumTrees, err)
		}
	}
	groups, err := c.next(4 * int(forest.NumTrees)) // the output that each tree is for
	if err != nil {
		return nil, err
	}
	for i, group := range groups {
		if group != 0 {
			return nil, fmt.Errorf("tree %d is for another output", i/4)
		}
	}
	return b, nil
}

// readTree adds the next tree.
func (b *booster) readTree(c *cursor) error {
	var param treeParam
	if err := c.read(&param); err != nil {
		return err
	}
	if param.NumRoots != 1 || param.NumNodes < 1 || param.SizeLeafVector > 1 {
		return fmt.Errorf("%d roots, %d nodes and leaf vectors of %d, want one root, some nodes and plain leaves",
			param.NumRoots, param.NumNodes, param.SizeLeafVector)
	}
	n := int(param.NumNodes)
	content, err := c.next(n * nodeSize)
	if err != nil {
		return err
	}
	if _, err := c.next(n * statSize); err != nil {
		return err
	}
	if len(b.nodes)+n > maxNodes {
		return fmt.Errorf("the model has more than %d nodes", maxNodes)
	}
	return b.addTree(content)
}

// addTree adds the tree of these nodes. They are brought into breadth-first order, which makes
// children neighbours.
func (b *booster) addTree(content []byte) error {
	n := len(content) / nodeSize
	root := uint32(len(b.nodes))
	queue, ends := []uint32{0}, 1 // ends is where a level of the tree does
	depth := 0
	for i := 0; i < len(queue); i++ {
		if i == ends {
			ends = len(queue)
			depth++
		}
		number := queue[i]
		field := func(k int) uint32 { return binary.LittleEndian.Uint32(content[int(number)*nodeSize+4*k:]) }
		left, right, feature, value := field(1), field(2), field(3)&^(1<<31), math.Float32frombits(field(4))
		switch {
		case left == math.MaxUint32: // a leaf
			if !plausible(value) {
				return fmt.Errorf("node %d predicts %v", number, value)
			}
			b.nodes = append(b.nodes, node{value, (root+uint32(i))<<8 | noFeature})
			continue
		case feature >= NumFeatures || math.IsNaN(float64(value)) || math.IsInf(float64(value), 0):
			return fmt.Errorf("node %d compares feature %d with %v, want one of %d features and a number", number, feature, value, NumFeatures)
		}
		b.nodes = append(b.nodes, node{value, (root+uint32(len(queue)))<<8 | feature})
		for _, child := range []uint32{left, right} {
			if child >= uint32(n) || left == right || parent(content, child) != number {
				return fmt.Errorf("node %d has the child %d, which is not one of its own among the %d nodes", number, child, n)
			}
			queue = append(queue, child)
		}
	}
	if depth > math.MaxUint8 {
		return fmt.Errorf("it is %d nodes deep, want at most %d", depth, math.MaxUint8)
	}
	b.trees = append(b.trees, tree{root, uint8(depth)})
	return nil
}

// parent returns the number of a node's parent. Its highest bit says which child the node is.
func parent(nodes []byte, number uint32) uint32 {
	return binary.LittleEndian.Uint32(nodes[number*nodeSize:]) &^ (1 << 31)
}

// plausible reports whether a part of a predicted accuracy in percent can be v. It is false for
// NaN.
func plausible(v float32) bool { return v >= -100 && v <= 100 }
