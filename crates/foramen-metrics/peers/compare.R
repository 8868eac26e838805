# Prints pROC's and R's numbers of each table in a folder, a line per result.
suppressMessages(library(pROC))
folder <- commandArgs(TRUE)[1]
say <- function(...) cat(..., "\n")
digits <- function(x) format(as.numeric(x), digits = 17)
for (file in list.files(folder, pattern = "csv$")) {
  k <- sub(".csv", "", file, fixed = TRUE)
  d <- read.csv(file.path(folder, file))
  a <- roc(d$y, d$a, direction = "<", levels = 0:1, quiet = TRUE)
  b <- roc(d$y, d$b, direction = "<", levels = 0:1, quiet = TRUE)
  say(k, "ci", digits(ci.auc(a)[c(1, 3)]))
  part <- function(focus, correct) suppressWarnings(as.numeric(auc(
    a, partial.auc = c(1, 0.8), partial.auc.focus = focus, partial.auc.correct = correct)))
  if (!is.na(part("sp", TRUE)))
    say(k, "partial", digits(c(part("sp", FALSE), part("sp", TRUE), part("se", FALSE))))
  if (abs(auc(a) - auc(b)) > 1e-9) {
    paired <- roc.test(a, b, paired = TRUE, method = "delong")
    say(k, "paired", digits(c(paired$statistic, paired$p.value)))
    unpaired <- roc.test(a, b, paired = FALSE, method = "delong")
    say(k, "unpaired", digits(c(unpaired$statistic, unpaired$parameter, unpaired$p.value)))
  }
  # Ties decide what a local fit sees; R's own two programs differ there.
  if (length(unique(d$a)) > 0.9 * nrow(d)) {
    x <- sort(unique(d$a))
    line <- lowess(d$a, d$y, iter = 0, delta = 0)
    say(k, "lowess", digits(approx(line, xout = x, ties = mean)$y))
    curve <- loess(y ~ a, d, control = loess.control(surface = "direct"))
    say(k, "loess", digits(predict(curve, data.frame(a = x))))
  }
}
