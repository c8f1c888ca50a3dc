// Package exercise checks the exercises of the notebooks: a student's answer is a Go function, and
// a checker says what is wrong with it.
//
// An exercise on a page is three cells: ask-NAME has the question, exercise-NAME a function to fill
// in and the call of its checker, solution-NAME the same with an answer, folded. A page of the
// course runs from top to bottom before anything is solved: an exercise that is not solved says so
// and is no error.
package exercise

import "fmt"

// Check prints whether the exercise of that name is solved. check calls the student's function: it
// returns nil, or what is wrong and where to look, without giving the solution away. A panic in the
// student's code is an answer that is wrong.
func Check(name string, check func() error) {
	if err := try(check); err != nil {
		fmt.Printf("Exercise %s: not yet. %v\n", name, err)
		return
	}
	fmt.Printf("Exercise %s: solved.\n", name)
}

func try(check func() error) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("Your code panics: %v", cause)
		}
	}()
	return check()
}
