package plots_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/cr-lso/cr-lso/plots"
)

func init() {
	pictures["histogram"] = func() ([]byte, error) {
		return plots.Histogram([]plots.Distribution{
			{Title: "one seed", Samples: []plots.Sample{bell("CR-LSO", 91.5, 0.1), bell("random search", 91.4, 0.1)}},
			{Title: "four seeds", Samples: []plots.Sample{bell("CR-LSO", 91.5, 0.05), bell("random search", 91.4, 0.05)}},
			{Title: "ten seeds", Samples: []plots.Sample{bell("CR-LSO", 91.5, 0.03), bell("random search", 91.4, 0.03)}},
		}, plots.HistogramOptions{Title: "Means of the best accuracy"})
	}
	pictures["histogram_single"] = func() ([]byte, error) {
		one := plots.Sample{Name: "all cells", Values: []float64{0, 1, 1, 2, 2, 2, 4}}
		return plots.Histogram([]plots.Distribution{{Samples: []plots.Sample{one}}}, plots.HistogramOptions{XLabel: "errors"})
	}
}

// bell is a sample of a normal distribution.
func bell(name string, mean, deviation float64) plots.Sample {
	r := rand.New(rand.NewPCG(3, 4))
	s := plots.Sample{Name: name}
	for range 2000 {
		s.Values = append(s.Values, mean+deviation*r.NormFloat64())
	}
	return s
}

func TestBadHistogram(t *testing.T) {
	for want, panels := range map[string][]plots.Distribution{
		"no panels":                       nil,
		`panel 0 ("all") has no samples`:  {{Title: "all"}},
		`("all"), "cells": Values: no va`: {{Title: "all", Samples: []plots.Sample{{Name: "cells"}}}},
		"Values[1] is NaN":                {{Samples: []plots.Sample{{Values: []float64{1, math.NaN()}}}}},
	} {
		if _, err := plots.Histogram(panels, plots.HistogramOptions{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

// A sample whose values are all equal is one bar.
func TestHistogramOfAConstant(t *testing.T) {
	if _, err := plots.Histogram([]plots.Distribution{{Samples: []plots.Sample{{Values: []float64{3, 3}}}}}, plots.HistogramOptions{}); err != nil {
		t.Error(err)
	}
}
