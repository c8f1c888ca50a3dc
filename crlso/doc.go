// Package crlso is CR-LSO: Rao, Zhao and Liu, "CR-LSO: Convex Neural Architecture Optimization in
// the Latent Space of Graph Variational Autoencoder with Input Convex Neural Networks", arXiv
// 2211.05950, on GoMLX.
//
// A graph variational autoencoder embeds architectures in a latent space. An input convex neural
// network that is trained with it makes accuracy a concave function of the latent. The search
// follows the gradient of that function, and decodes where it comes to.
//
// Read the files in this order:
//
//	graphs.go       architectures as batches of labelled graphs
//	encoder.go      rounds of messages, then mean and log-variance: q(z|a)
//	decoder.go      scores of architectures: p(a|z); nodebynode.go tells node after node
//	gvae.go         sampling of z, the two losses of the graph VAE, and their sum
//	icnn.go         the input convex network f, and the projection that keeps U >= 0
//	surrogate.go    accuracy as 1 - f(z), and the MLP that stands in for f in an ablation
//	predictor.go    the predictor that gives pseudo-labels
//	joint.go        the joint objective
//	stages.go       predictor training, pretraining, joint training; training.go makes the epochs
//	model.go        all networks of one space; encoding, decoding, predicting
//	trainingset.go  which architectures the graph VAE is trained on
//	search.go       the search, several of them side by side
//	searchround.go  one round: fine-tune, start from the best, step, decode, query
//	searcher.go     everything from the first label to the last query, as a search.Searcher
//	config.go       every hyperparameter, networks.go those of encoder, decoder and surrogate;
//	                presets.go has the authors' values, and this project's
//
// Begin with a preset of [Config], such as [Released201]. [Searcher] is the whole method;
// [NewModel] has its parts, one call for each; package runs keeps a run of them in a folder.
//
// The package reads no file and no environment variable. Around it, package nn has the layers and
// the optimiser, backend finds the hardware, runs keeps a run of the method in a folder, inspect
// looks at a trained latent space, ensemble is a relative of the method that wins, search has its
// rivals, and experiment compares them.
//
// Accuracies are in percent on the host, as in package datasets, and fractions inside the networks.
package crlso
