# Every target is a thin line over a script that works the same through `ray job submit`.
# `make help` lists them. Variables are passed on as they are: make shards DATASET=covost2 SOURCE=/corpora/covost2

SHELL := /bin/bash
.DEFAULT_GOAL := help
.ONESHELL:
.SHELLFLAGS := -eu -o pipefail -c
PYTHON3 ?= python3.11
VENV := .venv
PY := $(VENV)/bin/python

# $(call option,KEY,VALUE): key=value in quotes where the variable is set, nothing where it is not.
quote = '$(subst ','\'',$(1))'
option = $(if $(2),$(call quote,$(1)=$(2)))
# $(call told,key,KEY): the same where KEY was given to make; LANGUAGE and NAME may stand in anybody's environment.
told = $(if $(findstring command line,$(origin $(2))),$(call option,$(1),$($(2))))
# What a user says of data of his own; COLUMNS='audio=path,text=said' is columns.audio=path columns.text=said.
comma := ,
own = $(call told,name,NAME) $(call told,language,LANGUAGE) $(call told,licence,LICENCE) $(call told,tasks,TASKS) \
  $(call told,text_form,TEXT_FORM) $(call told,cut,CUT) $(call told,tars,TARS) $(call told,title,TITLE) \
  $(call told,attribution,ATTRIBUTION) $(foreach column,$(subst $(comma), ,$(COLUMNS)),$(call quote,columns.$(column)))

.PHONY: help setup quickstart test check readme-tables sources source check-source shards verify repair forget stats report dashboard pretrain evaluate

help:  ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

$(VENV)/installed: requirements.lock pyproject.toml
	@command -v $(PYTHON3) >/dev/null || { echo "Python 3.11 is needed: '$(PYTHON3)' is not there; pass another with PYTHON3=/path/to/python3.11"; exit 1; }
	echo "Setting up $(VENV) (once; about 3 GB to download, a few minutes)"
	$(PYTHON3) -m venv $(VENV)
	$(PY) -m pip install --quiet --disable-pip-version-check 'pip>=25' 'setuptools>=77' wheel
	# Nothing is compiled: DeepSpeed's optional kernels are left out, torch's own optimizers serve.
	DS_BUILD_OPS=0 $(PY) -m pip install --quiet --disable-pip-version-check --requirement requirements.lock
	touch $@

setup: $(VENV)/installed  ## Set up .venv from requirements.lock

quickstart: setup  ## Demo corpora, shards, a tiny model pretrained and evaluated, report.html (10 minutes on 2 cores)
	@$(PY) pipelines/demo/make.py data/demo
	$(PY) pipelines/job.py pipelines/demo/shards.yaml
	$(PY) trainers/pretrain.py trainers/configs/tiny.yaml
	$(PY) trainers/evaluate.py trainers/configs/tiny.yaml
	$(PY) trainers/report.py trainers/configs/tiny.yaml

test: setup  ## Run the tests
	@$(PY) -m pytest -m 'not gpu and not root and not endpoint' $(ARGS)

check: setup  ## Format, lint, types
	@$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy

readme-tables: setup  ## Write the README's tables of corpora, hours and prompts anew from the code
	@$(PY) pipelines/readme_tables.py

sources: setup  ## The catalogue of corpora [TASK=sed,asc] [LANGUAGE=de] [LICENCE=commercial]
	@$(PY) pipelines/catalogue.py $(call told,task,TASK) $(call told,language,LANGUAGE) $(call told,licence,LICENCE)

source: setup  ## One corpus: how to obtain it, what to pass as SOURCE: make source DATASET=covost2
	@$(PY) pipelines/catalogue.py $(DATASET)

check-source: setup  ## What is there against what is expected, from metadata alone: DATASET=… SOURCE=… [SPLIT=a,b] …
	@$(PY) pipelines/check_source.py $(call option,dataset,$(DATASET)) $(call option,source,$(SOURCE)) \
	  $(call option,roots,$(ROOTS)) $(call option,split,$(SPLIT)) $(call option,vocabulary,$(VOCABULARY)) \
	  $(call option,max_reject_ratio,$(MAX_REJECT_RATIO)) $(own)

shards: setup  ## Build shards: DATASET=… SOURCE=… [ROOTS=name=/path] [OUT=…] [SPLIT=a,b] [SHARD_MB=256] [REBUILD=1] …
	@$(PY) pipelines/job.py $(CONFIG) $(call option,dataset,$(DATASET)) $(call option,source,$(SOURCE)) \
	  $(call option,roots,$(ROOTS)) $(call option,out,$(OUT)) \
	  $(call option,split,$(SPLIT)) $(call option,align,$(ALIGN)) $(call option,shard_mb,$(SHARD_MB)) \
	  $(call option,shard_samples,$(SHARD_SAMPLES)) $(call option,workers,$(WORKERS)) $(call option,rebuild,$(REBUILD)) \
	  $(call option,max_reject_ratio,$(MAX_REJECT_RATIO)) $(call option,vocabulary,$(VOCABULARY)) $(own)

verify: setup  ## Find every lie in shards: [DATASET=…] [OUT=…] [SPLIT=a,b] [WORKERS=…]
	@$(PY) shards/verify.py $(call quote,$(or $(OUT),data/shards)) $(if $(DATASET),$(call quote,$(DATASET))) \
	  $(call option,split,$(SPLIT)) $(call option,workers,$(WORKERS))

repair: setup  ## Rebuild what is damaged, byte for byte: DATASET=… SOURCE=… [ROOTS=…] [OUT=…] [SPLIT=a,b] [WORKERS=…]
	@$(PY) pipelines/repair.py $(call option,dataset,$(DATASET)) $(call option,source,$(SOURCE)) \
	  $(call option,roots,$(ROOTS)) $(call option,out,$(OUT)) $(call option,split,$(SPLIT)) $(call option,align,$(ALIGN)) \
	  $(call option,shard_mb,$(SHARD_MB)) $(call option,shard_samples,$(SHARD_SAMPLES)) \
	  $(call option,vocabulary,$(VOCABULARY)) $(call option,workers,$(WORKERS)) $(own)

forget: setup  ## Take recordings out for good: DATASET=… IDS=a,b,c or a file [OUT=…]
	@$(PY) pipelines/forget.py $(call option,dataset,$(DATASET)) $(call option,ids,$(IDS)) $(call option,out,$(OUT))

stats: setup  ## Shards, samples, hours, languages, tasks, rejects as a table: [OUT=…] [DATASET=…]
	@$(PY) shards/stats.py $(call quote,$(or $(OUT),data/shards)) $(if $(DATASET),$(call quote,$(DATASET)))

report: setup  ## One HTML page with figures, data cards and samples to hear: [OUT=…] [DATASET=…] [FILE=report.html] [SAMPLES=3]
	@$(PY) shards/report.py $(call quote,$(or $(OUT),data/shards)) $(if $(DATASET),$(call quote,$(DATASET))) \
	  $(call option,file,$(FILE)) $(call option,samples,$(SAMPLES)) $(ARGS)

dashboard: setup  ## A Ray head whose Metrics tab shows the shards, live: [OUT=a,s3://b/c] [PORT=8265] [PAGE_PORT=8266] …
	@exec $(PY) shards/dashboard.py $(call quote,$(or $(OUT),data/shards)) $(call option,port,$(PORT)) \
	  $(call option,page_port,$(PAGE_PORT)) $(call option,ray_port,$(RAY_PORT)) $(call option,host,$(HOST)) $(ARGS)

pretrain: setup  ## Pretrain on this machine: CONFIG=trainers/configs/tiny.yaml [ARGS='optim.lr=3e-4']
	@$(PY) trainers/pretrain.py $(CONFIG) $(ARGS)

evaluate: setup  ## Evaluate by generation: CONFIG=… [CHECKPOINT=…] [BENCHMARK=librispeech] [ARGS=…]
	@$(PY) trainers/evaluate.py $(CONFIG) $(call option,evaluate.checkpoint,$(CHECKPOINT)) \
	  $(call option,evaluate.splits,$(if $(BENCHMARK),[$(BENCHMARK)])) $(ARGS)
