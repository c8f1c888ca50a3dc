package datasets

// All returns the architectures of a space in its order.
func All(space FiniteSpace) []Arch {
	archs := make([]Arch, space.Len())
	for i := range archs {
		archs[i] = space.At(i)
	}
	return archs
}

// Archs returns the architectures of queries in their order.
func Archs(queries []Query) []Arch {
	archs := make([]Arch, len(queries))
	for i, q := range queries {
		archs[i] = q.Arch
	}
	return archs
}
