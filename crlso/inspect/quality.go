package inspect

import (
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/cr-lso/cr-lso/crlso"
	"github.com/cr-lso/cr-lso/datasets"
)

// Reconstruction compares architectures with what their latents decode to.
type Reconstruction struct {
	Exact float64 // share that decode to themselves
	Valid float64 // share that decode to any architecture of the space
}

// Reconstruct encodes and decodes architectures of the space, at least one.
func Reconstruct(m *crlso.Model, archs []datasets.Arch) (Reconstruction, error) {
	if len(archs) == 0 {
		return Reconstruction{}, errors.New("reconstruction: no architectures")
	}
	latents, err := m.Encode(archs...)
	if err != nil {
		return Reconstruction{}, err
	}
	decoded, err := m.Decode(latents)
	if err != nil {
		return Reconstruction{}, err
	}
	exact, valid := 0, 0
	for i, d := range decoded {
		if d.Err == nil {
			valid++
			if m.Space.Canonical(d.Arch) == m.Space.Canonical(archs[i]) {
				exact++
			}
		}
	}
	n := float64(len(decoded))
	return Reconstruction{Exact: float64(exact) / n, Valid: float64(valid) / n}, nil
}

// Generation is what random latents decode to.
type Generation struct {
	Valid  float64 // share that decode to an architecture of the space
	Unique float64 // number of different architectures over that of valid decodings; NaN if none is valid
}

// Generate decodes latents of length Z.
func Generate(m *crlso.Model, latents [][]float64) (Generation, error) {
	decoded, err := m.Decode(latents)
	if err != nil {
		return Generation{}, err
	}
	valid, different := 0, make(map[datasets.Arch]bool)
	for _, d := range decoded {
		if d.Err == nil {
			valid++
			different[m.Space.Canonical(d.Arch)] = true
		}
	}
	return Generation{
		Valid:  float64(valid) / float64(len(decoded)),
		Unique: float64(len(different)) / float64(valid),
	}, nil
}

// DecoderReport is what is usually reported of a graph VAE: reconstruction, validity and
// uniqueness.
type DecoderReport struct {
	Reconstruction Reconstruction // of architectures drawn from the training set
	Prior          Generation     // of latents drawn from a standard normal
	AroundData     Generation     // of the latents of those architectures, with the noise of the search
	Unseen         Reconstruction // of architectures sampled from the space; zero where the training set is all of it
}

// ReportDecoder judges the decoder by n architectures drawn from the training set, all if it has no
// more, and as many latents.
//
// Source: the measures of Zhang, Jiang, Cui, Garnett and Chen, "D-VAE: A Variational Autoencoder
// for Directed Acyclic Graphs", NeurIPS 2019, which decodes each latent several times where the
// decoder here has one answer.
func ReportDecoder(m *crlso.Model, n int, rng *rand.Rand) (report DecoderReport, err error) {
	if n < 1 {
		return report, fmt.Errorf("report on the decoder: %d architectures, want at least 1", n)
	}
	var archs []datasets.Arch
	for _, i := range rng.Perm(len(m.TrainingSet()))[:min(n, len(m.TrainingSet()))] {
		archs = append(archs, m.TrainingSet()[i])
	}
	if report.Reconstruction, err = Reconstruct(m, archs); err != nil {
		return report, err
	}
	around, err := m.Encode(archs...)
	if err != nil {
		return report, err
	}
	prior := make([][]float64, len(around))
	for i, z := range around {
		prior[i] = make([]float64, len(z))
		for j := range z {
			prior[i][j] = rng.NormFloat64()
			z[j] += rng.NormFloat64() * m.Config.SearchNoise
		}
	}
	if report.Prior, err = Generate(m, prior); err != nil {
		return report, err
	}
	if report.AroundData, err = Generate(m, around); err != nil {
		return report, err
	}
	if finite, ok := m.Space.(datasets.FiniteSpace); ok && finite.Len() == len(m.TrainingSet()) {
		return report, nil
	}
	unseen := make([]datasets.Arch, n)
	for i := range unseen {
		unseen[i] = m.Space.Sample(rng)
	}
	report.Unseen, err = Reconstruct(m, unseen)
	return report, err
}
