package crlso

import (
	"github.com/cr-lso/cr-lso/crlso/nn"
	"github.com/cr-lso/cr-lso/datasets"
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// Reparameterize samples z = mu + scale * eps * exp(logVar / 2) for standard normal eps. All
// shapes are [B, Z].
//
// Source: ArchGVAE.reparameterize of the released code, where scale is 0.01.
func Reparameterize(mu, logVar, eps *Node, scale float64) *Node {
	return Add(mu, MulScalar(Mul(eps, Exp(MulScalar(logVar, 0.5))), scale))
}

// KLDivergence is the divergence of q(z|a) from a standard normal, as a mean over dimensions and
// not a sum: -1/2 mean (1 + logVar - mu^2 - exp(logVar)) for [B, Z]. It returns one value a row,
// [B].
func KLDivergence(mu, logVar *Node) *Node {
	return MulScalar(ReduceMean(Sub(Sub(OnePlus(logVar), Square(mu)), Exp(logVar)), -1), -0.5)
}

// ReconstructionLoss compares a decoder's scores, [B, schema.Outputs()], with the labels of the
// graphs that were encoded, [B, schema.Labels()]. For each head it takes the mean over its groups
// of the cross-entropy (of the binary cross-entropy if the head has one class), and it adds up the
// heads: one value a row, [B]. Groups with the label -1 count for nothing, neither in the sum of
// that mean nor in the number that it is divided by.
func ReconstructionLoss(schema datasets.Schema, scores, labels *Node) *Node {
	scores.AssertDims(-1, schema.Outputs())
	labels.AssertDims(-1, schema.Labels())
	var total *Node
	score, label := 0, 0
	for _, head := range schema.Heads {
		logits := Slice(scores, AxisRange(), AxisRange(score, score+head.Groups*head.Classes))
		answer := Slice(labels, AxisRange(), AxisRange(label, label+head.Groups))
		score, label = score+head.Groups*head.Classes, label+head.Groups

		known := ConvertDType(GreaterOrEqual(answer, ScalarZero(answer.Graph(), answer.DType())), dtypes.Float32)
		var loss *Node // [B, Groups]
		if head.Classes == 1 {
			// -log sigmoid(x) for a yes and -log sigmoid(-x) for a no, as softplus(x) - yes * x.
			softplus := Add(Max(logits, ZerosLike(logits)), Log1P(Exp(Neg(Abs(logits)))))
			loss = Mul(known, Sub(softplus, Mul(ConvertDType(answer, dtypes.Float32), logits)))
		} else {
			logits = Reshape(logits, -1, head.Groups, head.Classes)
			right := OneHot(answer, head.Classes, dtypes.Float32) // zeros for -1
			loss = Neg(ReduceSum(Mul(LogSoftmax(logits), right), -1))
		}
		loss = Mul(ReduceSum(loss, -1), Reciprocal(MaxScalar(ReduceSum(known, -1), 1)))
		if total == nil {
			total = loss
		} else {
			total = Add(total, loss)
		}
	}
	return total
}

// Batch is what a step of training sees of B architectures.
type Batch struct {
	Graphs  Graphs
	Labels  *Node // [B, schema.Labels()], the right answers for the decoder: see [datasets.Graph]
	Y       *Node // [B], labels of accuracy, fractions; for JointLoss alone
	Known   *Node // [B], 1 where Y holds a label and 0 elsewhere; for JointLoss alone
	Weights *Node // [B], 1, and 0 where the batch is filled up
	Eps     *Node // [B, Z], standard normal noise
}

// VAELoss is the objective of the graph VAE, with the reconstruction loss L_rec and the divergence
// L_KL:
//
//	L_rec + beta L_KL
//
// It returns the objective and its two terms, scalars, and the point where the surrogate looks, [B,
// Z].
func VAELoss(store *model.Store, config Config, schema datasets.Schema, batch Batch) (total, reconstruction, divergence, point *Node) {
	mu, logVar := Encoder(store.Scope(encoderScope), config.Networks, batch.Graphs)
	z := Reparameterize(mu, logVar, batch.Eps, config.ReparamNoise)
	scores := Decoder(store.Scope(decoderScope), config.Networks, schema, z, batch.Labels)
	point = z
	if config.ICNNOnMean {
		point = mu
	}
	reconstruction = nn.WeightedMean(ReconstructionLoss(schema, scores, batch.Labels), batch.Weights)
	divergence = nn.WeightedMean(KLDivergence(mu, logVar), batch.Weights)
	total = Add(reconstruction, MulScalar(divergence, config.KLWeight))
	return total, reconstruction, divergence, point
}
