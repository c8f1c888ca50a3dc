package plots

import (
	"math"
	"slices"
	"testing"
)

// Two by two cells over the unit square, by hand: one with two points, two with one, one empty.
func TestTerrainByHand(t *testing.T) {
	got := newTerrain(Surface{
		XY:       [][2]float64{{0, 0}, {0.4, 0.4}, {1, 0}, {0.1, 1}},
		Accuracy: []float64{80, 90, 70, 60},
	}, 2)
	nan := math.NaN()
	same := func(a, b float64) bool { return math.Abs(a-b) < 1e-12 || math.IsNaN(a) && math.IsNaN(b) }
	if want := []float64{85, 70, 60, nan}; !slices.EqualFunc(got.mean, want, same) {
		t.Errorf("means %v, want %v", got.mean, want)
	}
	corners := []float64{
		85, 80, 70, // the middle one: (80 + 90 + 70) / 3
		230. / 3, 75, 70,
		60, 60, nan,
	}
	if !slices.EqualFunc(got.corners, corners, same) {
		t.Errorf("corners %v, want %v", got.corners, corners)
	}
	if err := got.colour(viridis(60, 85)); err != nil {
		t.Fatal(err)
	}
	for i, shade := range got.shades {
		if (shade == nil) != math.IsNaN(got.mean[i]) {
			t.Errorf("cell %d with mean %v has colour %v", i, got.mean[i], shade)
		}
	}
}

// What is farther is seen higher up, what is higher too, and the box's nearest corner is (0, 0).
func TestProject(t *testing.T) {
	_, low, near := project(0, 0, 0)
	_, up, _ := project(0, 0, 1)
	_, back, far := project(1, 1, 0)
	if !(up > low && back > low && far > near) {
		t.Errorf("up %g, back %g, low %g; far %g, near %g", up, back, low, far, near)
	}
	for _, corner := range [][2]float64{{0, 1}, {1, 0}, {1, 1}} {
		if _, _, away := project(corner[0], corner[1], 0); away <= near {
			t.Errorf("corner %v is %g away, (0, 0) is %g", corner, away, near)
		}
	}
}
