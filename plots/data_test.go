package plots_test

import (
	"math"
	"math/rand/v2"

	"github.com/cr-lso/cr-lso/plots"
)

// latents are n cells on a curved sheet in 8 dimensions, smoother with more order.
func latents(title string, n int, order float64) plots.Latents {
	r := rand.New(rand.NewPCG(1, 2))
	l := plots.Latents{Title: title}
	for range n {
		z := make([]float64, 8)
		for i := range z {
			z[i] = r.NormFloat64() / float64(1+i)
		}
		l.Points = append(l.Points, z)
		quality := order*(z[0]-z[1]*z[1]) + (1.2-order)*r.NormFloat64()
		l.Accuracy = append(l.Accuracy, 90+quality)
	}
	best, path := 0, []int{0}
	for i, a := range l.Accuracy {
		if a > l.Accuracy[best] {
			best = i
		}
		if i < 12 && a > l.Accuracy[path[len(path)-1]] {
			path = append(path, i)
		}
	}
	queried := make([]int, 12)
	for i := range queried {
		queried[i] = i
	}
	l.Marks = []plots.Mark{
		{Name: "queried", Rows: queried},
		{Name: "incumbents in order", Rows: path, Joined: true},
		{Name: "optimum", Rows: []int{best}},
	}
	return l
}

// curve rises (or, as a regret, falls) to top like exp(-rate query); after zeroFrom, if set, it is
// 0.
func curve(name string, queries int, top, drop, rate float64, zeroFrom int) plots.Curve {
	c := plots.Curve{Name: name}
	for i := range queries {
		y := top - drop*math.Exp(-rate*float64(i/3*3)) - 6*drop*math.Exp(-0.5*float64(i))
		band := 0.12 * math.Abs(y-top)
		if zeroFrom != 0 && i >= zeroFrom {
			y, band = 0, 0
		}
		c.Y = append(c.Y, y)
		c.Low = append(c.Low, y-band)
		c.High = append(c.High, y+band)
	}
	return c
}

func nasbench201Cell() plots.Cell {
	return plots.Cell{
		Nodes: []string{"in", "1", "2", "out"},
		Edges: []plots.Edge{
			{From: 0, To: 1, Label: "nor_conv_3x3"},
			{From: 0, To: 2, Label: "nor_conv_3x3"},
			{From: 1, To: 2, Label: "nor_conv_3x3"},
			{From: 0, To: 3, Label: "skip_connect"},
			{From: 1, To: 3, Label: "nor_conv_3x3"},
			{From: 2, To: 3, Label: "nor_conv_1x1"},
		},
	}
}

func nasbench101Cell() plots.Cell {
	return plots.Cell{
		Nodes: []string{"input", "conv3x3\nbn-relu", "conv1x1\nbn-relu", "conv3x3\nbn-relu", "maxpool\n3x3", "conv3x3\nbn-relu", "output"},
		Edges: []plots.Edge{
			{From: 0, To: 1}, {From: 0, To: 2}, {From: 0, To: 6}, {From: 1, To: 3}, {From: 2, To: 3},
			{From: 3, To: 4}, {From: 4, To: 5}, {From: 2, To: 5}, {From: 5, To: 6},
		},
	}
}

// dartsCell is the normal cell DARTS_V2 of Liu et al., "DARTS: Differentiable Architecture Search".
func dartsCell() plots.Cell {
	return plots.Cell{
		Nodes: []string{"k-2", "k-1", "0", "1", "2", "3", "out"},
		Edges: []plots.Edge{
			{From: 0, To: 2, Label: "sep_3x3"}, {From: 1, To: 2, Label: "sep_3x3"},
			{From: 0, To: 3, Label: "sep_3x3"}, {From: 1, To: 3, Label: "sep_3x3"},
			{From: 1, To: 4, Label: "sep_3x3"}, {From: 0, To: 4, Label: "skip"},
			{From: 0, To: 5, Label: "skip"}, {From: 2, To: 5, Label: "dil_3x3"},
		},
	}
}

func profile(title string, segments int, noise float64) plots.Profile {
	r := rand.New(rand.NewPCG(3, 4))
	p := plots.Profile{Title: title}
	for range segments {
		a, b := 2*r.NormFloat64(), 2*r.NormFloat64()
		values := make([]float64, 9)
		for i := range values {
			x := a + (b-a)*float64(i)/8
			values[i] = 90 - x*x + noise*r.NormFloat64()
		}
		p.Values = append(p.Values, values)
	}
	return p
}

func prediction(name string, n int, low, noise float64) plots.Prediction {
	r := rand.New(rand.NewPCG(5, 6))
	p := plots.Prediction{Name: name}
	for range n {
		accuracy := 94 - (94-low)*math.Pow(r.Float64(), 3)
		p.True = append(p.True, accuracy)
		p.Predicted = append(p.Predicted, accuracy+noise*r.NormFloat64()*math.Sqrt(1-accuracy/100))
	}
	return p
}

// similarities are those of n latents with n others, shared on average.
func similarities(title string, n int, shared float64) plots.Similarities {
	s := plots.Similarities{Title: title, Rows: "cells", Columns: "cells"}
	for i := range n {
		row := make([]float64, n)
		for j := range row {
			row[j] = shared + (1-math.Abs(shared))*math.Cos(float64(3*(i-j)))
		}
		s.Values = append(s.Values, row)
	}
	return s
}

// surface is a hill over n points, smoother with more order.
func surface(title string, n int, order float64) plots.Surface {
	r := rand.New(rand.NewPCG(9, 10))
	s := plots.Surface{Title: title}
	for range n {
		x, y := 2*r.NormFloat64(), r.NormFloat64()
		s.XY = append(s.XY, [2]float64{x, y})
		bumps := (1 - order) * 5 * math.Cos(2*x) * math.Sin(3*y)
		s.Accuracy = append(s.Accuracy, 91-x*x-2*y*y+bumps+r.NormFloat64())
	}
	return s
}

// tradeoff has n architectures, farther from the best accuracy at every cost with more distance.
func tradeoff(name string, n int, distance float64) plots.Tradeoff {
	r := rand.New(rand.NewPCG(11, uint64(n)))
	m := plots.Tradeoff{Name: name}
	for range n {
		cost := 1 + 9*r.Float64()
		m.Cost = append(m.Cost, cost)
		m.Accuracy = append(m.Accuracy, 94-8/cost-distance*math.Abs(r.NormFloat64()))
	}
	return m
}

func loss(name string, epochs int, first, last float64) plots.Loss {
	r := rand.New(rand.NewPCG(7, uint64(len(name))))
	l := plots.Loss{Name: name}
	for i := range epochs {
		y := last + (first-last)*math.Exp(-float64(i)/6)
		l.Y = append(l.Y, y*math.Exp(0.05*r.NormFloat64()))
	}
	return l
}
