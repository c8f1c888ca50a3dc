package plots_test

import (
	"math"
	"testing"

	"gonum.org/v1/gonum/floats"

	"github.com/cr-lso/cr-lso/plots"
)

// Four points at distance 5 along (3, 4) / 5 and 1 across it: by hand, the variances are 2 * 25 / 3
// and 2 * 1 / 3, of which the first component has 25 / 26.
func TestPCAByHand(t *testing.T) {
	const x, y = 10, -2 // the centre, which must not matter
	xy, explained, err := plots.PCA([][]float64{{x + 3, y + 4}, {x - 3, y - 4}, {x - 0.8, y + 0.6}, {x + 0.8, y - 0.6}})
	if err != nil {
		t.Fatal(err)
	}
	// Of each component, the largest loading is positive: (0.6, 0.8) and (0.8, -0.6).
	want := [][2]float64{{5, 0}, {-5, 0}, {0, -1}, {0, 1}}
	for i := range want {
		for k := range 2 {
			if math.Abs(xy[i][k]-want[i][k]) > 1e-12 {
				t.Errorf("point %d at %v, want %v", i, xy[i], want[i])
			}
		}
	}
	if math.Abs(explained[0]-25./26) > 1e-12 || math.Abs(explained[1]-1./26) > 1e-12 {
		t.Errorf("explained %v, want 25/26 and 1/26", explained)
	}
}

// With two dimensions, nothing is lost: distances between points stay as they are.
func TestPCAKeepsDistancesOfAPlane(t *testing.T) {
	latents := make([][]float64, 50)
	for i := range latents { // a plane in five dimensions
		a, b := math.Sin(float64(i)), math.Cos(float64(3*i))
		latents[i] = []float64{a, b, a + b, 2 - a, 3 * b}
	}
	xy, explained, err := plots.PCA(latents)
	if err != nil {
		t.Fatal(err)
	}
	if total := explained[0] + explained[1]; math.Abs(total-1) > 1e-12 || explained[0] < explained[1] {
		t.Errorf("explained %v, want a sum of 1 in descending order", explained)
	}
	for i := range latents {
		for j := range i {
			var want float64
			for k := range latents[i] {
				want += (latents[i][k] - latents[j][k]) * (latents[i][k] - latents[j][k])
			}
			got := math.Hypot(xy[i][0]-xy[j][0], xy[i][1]-xy[j][1])
			if math.Abs(got-math.Sqrt(want)) > 1e-9 {
				t.Fatalf("points %d and %d are %g apart, were %g", i, j, got, math.Sqrt(want))
			}
		}
	}
}

func TestPCAOfOneDimension(t *testing.T) {
	xy, explained, err := plots.PCA([][]float64{{1}, {2}, {6}})
	if err != nil {
		t.Fatal(err)
	}
	if want := [][2]float64{{-2, 0}, {-1, 0}, {3, 0}}; len(xy) != 3 || xy[0] != want[0] || xy[1] != want[1] || xy[2] != want[2] {
		t.Errorf("got %v, want %v", xy, want)
	}
	if explained != [2]float64{1, 0} {
		t.Errorf("explained %v, want 1 and 0", explained)
	}
}

// TestLinearFit compares with the normal equations, solved in fractions.
func TestLinearFit(t *testing.T) {
	x := [][]float64{{1, 2}, {2, 1}, {3, 5}, {4, 3}, {5, 8}, {6, 1}}
	direction, rSquared, err := plots.LinearFit(x, []float64{3.1, 2.9, 8.2, 7.4, 12.8, 6.9})
	want := []float64{0.6983724494829385, 0.7157345330520251}
	if err != nil || !floats.EqualApprox(direction, want, 1e-9) || math.Abs(rSquared-0.9964759348829004) > 1e-9 {
		t.Errorf("%.12g, R² %.12g, %v, want %.12g, R² 0.99647593", direction, rSquared, err, want)
	}
	if direction, _, err := plots.LinearFit(x, make([]float64, 6)); err != nil || floats.Norm(direction, 2) != 0 {
		t.Errorf("a flat function rises along %v, %v", direction, err)
	}
	if _, _, err := plots.LinearFit(nil, nil); err == nil {
		t.Error("no rows are no error")
	}
	if _, _, err := plots.LinearFit(x, []float64{1}); err == nil {
		t.Error("one accuracy for six latents is no error")
	}
}

// A dimension that is the same in all latents has no part in the direction.
func TestLinearFitOfUnusedDimension(t *testing.T) {
	direction, _, err := plots.LinearFit([][]float64{{1, 7}, {2, 7}, {3, 7}}, []float64{1, 2, 4})
	if err != nil || math.Abs(direction[0]-1) > 1e-9 || math.Abs(direction[1]) > 1e-9 {
		t.Errorf("%v, %v, want (1, 0)", direction, err)
	}
}
