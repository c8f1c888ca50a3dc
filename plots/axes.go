package plots

import (
	"math"
	"strconv"
	"strings"

	"gonum.org/v1/plot"
)

// logY makes the y axis of p, on which decimal logarithms are drawn, a logarithmic axis from low to
// high. (plot.LogScale would make room for a long axis label as if it stood in the highest decade.)
func logY(p *plot.Plot, low, high float64) {
	p.Y.Tick.Marker = logTicks{}
	p.Y.Min, p.Y.Max = math.Log10(low), math.Log10(high)
}

// widened is a range with a share of its length more at each end, or with 1 if it is a point.
func widened(low, high, share float64) (min, max float64) {
	if low == high {
		low, high = low-1, high+1
	}
	margin := share * (high - low)
	return low - margin, high + margin
}

// linearTicks marks four to ten multiples of 1, 2 or 5 times a power of ten.
type linearTicks struct{}

func (linearTicks) Ticks(min, max float64) []plot.Tick {
	step := floor125((max - min) / 4)
	decimals := int(math.Max(0, -math.Floor(math.Log10(step)+1e-9)))
	var ticks []plot.Tick
	for k := math.Ceil(min/step - 1e-9); k*step <= max+1e-9*step; k++ {
		ticks = append(ticks, plot.Tick{Value: k * step, Label: number(k*step, decimals)})
	}
	return ticks
}

// logTicks marks decades on an axis of decimal logarithms, and also 2 and 5 times them where the
// axis is shorter than three decades.
type logTicks struct{}

func (logTicks) Ticks(min, max float64) []plot.Tick {
	var ticks []plot.Tick
	for exponent := int(math.Floor(min)); ; exponent++ {
		for digit := 1; digit < 10; digit++ {
			value := float64(digit) * math.Pow10(exponent)
			tick := plot.Tick{Value: math.Log10(value)}
			if digit == 1 || max-min < 3 && (digit == 2 || digit == 5) {
				tick.Label = strconv.FormatFloat(value, 'g', 6, 64)
			}
			if tick.Value > max+1e-9 {
				return ticks
			}
			if tick.Value >= min-1e-9 {
				ticks = append(ticks, tick)
			}
		}
	}
}

// logRange widens a positive range to the next ticks of logTicks.
func logRange(low, high float64) (min, max float64) {
	min, max = floor125(low), floor125(high)
	if max < high*(1-1e-9) {
		max = floor125(max * 2.6)
	}
	if min == max {
		max = floor125(max * 2.6)
	}
	return min, max
}

// floor125 is the largest of 1, 2 and 5 times a power of ten that is not above x, which is
// positive.
func floor125(x float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(x)+1e-9))
	switch digit := x / power * (1 + 1e-9); {
	case digit >= 5:
		return 5 * power
	case digit >= 2:
		return 2 * power
	}
	return power
}

// number formats x with a number of decimals and commas between thousands.
func number(x float64, decimals int) string {
	s := strconv.FormatFloat(math.Abs(x), 'f', decimals, 64)
	whole, fraction, _ := strings.Cut(s, ".")
	for i := len(whole) - 3; i > 0; i -= 3 {
		whole = whole[:i] + "," + whole[i:]
	}
	if fraction != "" {
		whole += "." + fraction
	}
	if x < 0 && strings.ContainsAny(whole, "123456789") {
		whole = "\u2212" + whole
	}
	return whole
}
