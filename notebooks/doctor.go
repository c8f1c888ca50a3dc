package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// doctor prints what notebooks would run with. What is broken becomes the error, with what to do
// about it; what will be slow is only said. It downloads and repairs nothing.
func doctor(ctx context.Context) error {
	p, err := findProject(ctx)
	if err != nil {
		return err
	}
	var broken []error
	var slow []string
	for _, check := range checks {
		f := check.look(ctx, p)
		if f.broken != nil {
			broken = append(broken, fmt.Errorf("%s: %w", strings.ToLower(check.name), f.broken))
			if f.found == "" {
				f.found = "broken"
			}
		}
		if f.slow != "" {
			slow = append(slow, f.slow)
		}
		report(check.name, f.found)
	}
	for _, what := range slow {
		report("Slow", what)
	}
	return errors.Join(broken...)
}

func report(name, text string) { fmt.Printf("%-10s %s\n", name, text) }
