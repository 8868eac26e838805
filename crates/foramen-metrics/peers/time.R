# Prints the seconds of pROC's ci.auc on the scores and labels of a folder.
suppressMessages(library(pROC))
arguments <- commandArgs(TRUE)
n <- as.integer(arguments[2])
scores <- readBin(file.path(arguments[1], "scores"), "double", n)
labels <- readBin(file.path(arguments[1], "labels"), "integer", n, size = 1)
cat(system.time(ci.auc(roc(labels, scores, direction = "<", levels = 0:1, quiet = TRUE)))[["elapsed"]])
