package plots

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

// threeGroups are 60 points in five dimensions, those of equal index modulo 3 near each other.
func threeGroups() [][]float64 {
	points := make([][]float64, 60)
	for i := range points {
		for k := range 5 {
			k := float64(k)
			points[i] = append(points[i], 4*math.Sin(2*float64(i%3)+k)+math.Sin(1+float64(i)*(k+1)))
		}
	}
	return points
}

// TestAffinities compares with sklearn.manifold._t_sne._joint_probabilities(distances, 10, 0)
// (1.5.2), where distances are squared and of float32.
func TestAffinities(t *testing.T) {
	p := affinities(threeGroups(), 10)
	for at, want := range map[[2]int]float64{
		{0, 1}: 0, {0, 3}: 0.00037100871, {7, 10}: 0.00018621035, {59, 2}: 0.00046457132, {23, 20}: 0.00022753556,
	} {
		if got := p.At(at[0], at[1]); math.Abs(got-want) > 1e-4*want+1e-15 {
			t.Errorf("p[%d][%d] is %.9g, want %.9g", at[0], at[1], got, want)
		}
	}
	if sum := mat.Sum(p); math.Abs(sum-1) > 1e-12 {
		t.Errorf("the sum is %g, want 1", sum)
	}
}

// divergence is the Kullback-Leibler divergence of p from the probabilities of pairs in the plane.
func divergence(p *mat.Dense, xy [][2]float64) float64 {
	total := 0.0
	w := func(i, j int) float64 {
		dx, dy := xy[i][0]-xy[j][0], xy[i][1]-xy[j][1]
		return 1 / (1 + dx*dx + dy*dy)
	}
	for i := range xy {
		for j := range i {
			total += 2 * w(i, j)
		}
	}
	sum := 0.0
	for i := range xy {
		for j := range xy {
			if pij := p.At(i, j); i != j && pij > 0 {
				sum += pij * math.Log(pij*total/w(i, j))
			}
		}
	}
	return sum
}

// TestTSNEGradient compares with central differences of the divergence.
func TestTSNEGradient(t *testing.T) {
	points := threeGroups()
	p := affinities(points, 10)
	xy, _, err := PCA(points)
	if err != nil {
		t.Fatal(err)
	}
	gradient := make([][2]float64, len(xy))
	tsneGradient(gradient, p, xy, 1)
	for _, i := range []int{0, 31, 59} {
		for k := range 2 {
			const h = 1e-5
			at, ends := xy[i][k], [2]float64{}
			for side, sign := range []float64{-1, 1} {
				xy[i][k] = at + sign*h
				ends[side] = divergence(p, xy)
			}
			xy[i][k] = at
			if want := (ends[1] - ends[0]) / (2 * h); math.Abs(gradient[i][k]-want) > 1e-7 {
				t.Errorf("gradient at point %d, axis %d is %g, differences give %g", i, k, gradient[i][k], want)
			}
		}
	}
}

// TestTSNE compares the divergence it ends at with that of sklearn.manifold.TSNE(2, perplexity=10,
// method="exact", init="random", random_state=0..7) (1.5.2), from 0.1009 to 0.1167 and 0.1105 with
// init="pca"; and asks that the nearest point in the plane is of the same group.
func TestTSNE(t *testing.T) {
	points := threeGroups()
	xy, err := TSNE(points, 10)
	if err != nil {
		t.Fatal(err)
	}
	if got := divergence(affinities(points, 10), xy); got > 0.1167 {
		t.Errorf("the divergence is %.4f, want at most 0.1167", got)
	}
	for i := range xy {
		nearest, distance := -1, math.Inf(1)
		for j := range xy {
			if d := math.Hypot(xy[i][0]-xy[j][0], xy[i][1]-xy[j][1]); j != i && d < distance {
				nearest, distance = j, d
			}
		}
		if nearest%3 != i%3 {
			t.Errorf("point %d of group %d is nearest to point %d", i, i%3, nearest)
		}
	}
	again, err := TSNE(points, 10)
	if err != nil {
		t.Fatal(err)
	}
	for i := range xy {
		if xy[i] != again[i] {
			t.Fatalf("point %d is at %v, and at %v in a second run", i, xy[i], again[i])
		}
	}
}

// TestTSNEOfALattice places points of which none are much nearer than others: they fill the plane,
// and no line.
func TestTSNEOfALattice(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	points := make([][]float64, 300)
	for i := range points {
		points[i] = make([]float64, 30)
		for edge := range 6 {
			points[i][5*edge+rng.IntN(5)] = 1
		}
		for k := range points[i] {
			points[i][k] += 0.05 * rng.NormFloat64()
		}
	}
	xy, err := TSNE(points, 30)
	if err != nil {
		t.Fatal(err)
	}
	var spread [2]float64
	for k := range spread {
		column := make([]float64, len(xy))
		for i := range xy {
			column[i] = xy[i][k]
		}
		spread[k] = stat.StdDev(column, nil)
	}
	if ratio := spread[0] / spread[1]; ratio < 0.5 || ratio > 2 || spread[0] < 5 {
		t.Errorf("the spreads are %.3g and %.3g", spread[0], spread[1])
	}
}

func TestTSNEErrors(t *testing.T) {
	points := threeGroups()
	for want, do := range map[string]func() error{
		"perplexity is 59":            func() error { _, err := TSNE(points, 59); return err },
		"perplexity is 1":             func() error { _, err := TSNE(points, 1); return err },
		"draw a sample":               func() error { _, err := TSNE(make([][]float64, 5001), 30); return err },
		"latents[1] has 0 dimensions": func() error { _, err := TSNE([][]float64{{1}, {}}, 30); return err },
	} {
		if err := do(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("the error is %v, want %q", err, want)
		}
	}
}

// TestLatentScatterByTSNE draws both kinds of picture, whose axes are not principal components
// then.
func TestLatentScatterByTSNE(t *testing.T) {
	panel := Latents{Points: threeGroups(), Accuracy: make([]float64, 60)}
	for i := range panel.Accuracy {
		panel.Accuracy[i] = float64(i)
	}
	byPCA, err := LatentScatter([]Latents{panel}, LatentScatterOptions{})
	if err != nil {
		t.Fatal(err)
	}
	byTSNE, err := LatentScatter([]Latents{panel}, LatentScatterOptions{Projection: ByTSNE})
	if err != nil || bytes.Equal(byPCA, byTSNE) {
		t.Errorf("the pictures are equal, or %v", err)
	}
	chart, err := LatentScatterVega([]Latents{panel}, LatentScatterOptions{Projection: ByTSNE})
	if text := fmt.Sprint(chart); err != nil || !strings.Contains(text, "t-SNE 1") || strings.Contains(text, "variance") {
		t.Errorf("the chart's axes are not t-SNE's, or %v", err)
	}
}
