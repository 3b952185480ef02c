/** The built-in networks. Each is a function of the number of classes, with the way its images are prepared. */

import { expected } from '../errors.js';
import type { Graph, Layer, LrnParameters, Padding, Preprocessing } from './graph.js';

export const presetNames = [
  'paper',
  'authors',
  'caffe',
  'torchvision',
  'alexnet-bn',
  'cifar',
  'mini',
] as const;
export type PresetName = (typeof presetNames)[number];

export interface Preset {
  readonly graph: Graph;
  readonly preprocessing: Preprocessing;
  /** One line for `--help` and the plan. */
  readonly about: string;
}

const none: Padding = [0, 0, 0, 0];
const all = (n: number): Padding => [n, n, n, n];

const convolution = (
  name: string,
  maps: number,
  kernel: number,
  stride: number,
  padding: Padding,
  groups = 1,
): Layer => ({ kind: 'convolution', name, maps, kernel, stride, padding, groups });
const relu = (name: string): Layer => ({ kind: 'activation', name: `relu${name}`, function: 'relu' });
const pool = (name: string): Layer => ({
  kind: 'max_pool',
  name: `pool${name}`,
  size: 3,
  stride: 2,
  round: 'down',
});
const fullyConnected = (name: string, units: number): Layer => ({ kind: 'fully_connected', name, units });
const dropout = (name: string): Layer => ({ kind: 'dropout', name: `dropout${name}`, rate: 0.5 });
const lrn = (name: string, parameters: LrnParameters): Layer => ({
  kind: 'lrn',
  name: `lrn${name}`,
  ...parameters,
});

/** The paper, section 3.3. Each device's maps are normalised by themselves: two groups. */
const paperLrn: LrnParameters = { size: 5, k: 2, alpha: 1e-4, beta: 0.75, groups: 2 };

const batchNorm = (name: string): Layer => ({
  kind: 'batch_norm',
  name: `bn${name}`,
  epsilon: 1e-5,
  momentum: 0.1,
});

const classifier = (units: number, classes: number): Layer[] => [
  fullyConnected('fc6', units),
  relu('6'),
  dropout('6'),
  fullyConnected('fc7', units),
  relu('7'),
  dropout('7'),
  fullyConnected('fc8', classes),
];

const image = (side: number): Graph['input'] => ({ height: side, width: side, channels: 3 });

const paperImages: Preprocessing = {
  store: 256,
  crop: 224,
  fit: 'crop',
  mean: 'image',
  meanAt: 'crop',
  order: 'rgb',
  deviation: [1, 1, 1],
};

/**
 * Centred pixels spread by about 64 grey levels. Divided by that, the first layer learns at the pace of the others; the
 * paper does not divide, and its small weights make up for it.
 */
const unitSpread = [64, 64, 64] as const;

/** The text of the paper, section 3.5. */
function paper(classes: number): Preset {
  return {
    about: "the paper's text: 224×224, two devices' worth of maps, LRN, overlapping pooling, dropout",
    preprocessing: paperImages,
    graph: {
      name: 'paper',
      input: image(224),
      layers: [
        convolution('conv1', 96, 11, 4, [0, 0, 3, 3]),
        relu('1'),
        lrn('1', paperLrn),
        pool('1'),
        convolution('conv2', 256, 5, 1, all(2), 2),
        relu('2'),
        lrn('2', paperLrn),
        pool('2'),
        convolution('conv3', 384, 3, 1, all(1)),
        relu('3'),
        convolution('conv4', 384, 3, 1, all(1), 2),
        relu('4'),
        convolution('conv5', 256, 3, 1, all(1), 2),
        relu('5'),
        pool('5'),
        ...classifier(4096, classes),
      ],
    },
  };
}

/** The authors' own program of 2012: ReLU behind pool1 and pool5, a second normalisation behind conv2, α/n. */
function authors(classes: number): Preset {
  const programLrn: LrnParameters = { ...paperLrn, alpha: 1e-4 / 5 };
  return {
    about: "the authors' 2012 program: as the text, with its own order, normalisation within maps and recipe",
    preprocessing: { ...paperImages, meanAt: 'centre' },
    graph: {
      name: 'authors',
      input: image(224),
      layers: [
        convolution('conv1', 96, 11, 4, [0, 0, 3, 3]),
        lrn('1', programLrn),
        pool('1'),
        relu('1'),
        convolution('conv2', 256, 5, 1, all(2), 2),
        relu('2'),
        lrn('2', programLrn),
        { kind: 'map_norm', name: 'norm2', size: 5, k: 1, alpha: 0.001 / 25, beta: 0.75 },
        pool('2'),
        convolution('conv3', 384, 3, 1, all(1)),
        relu('3'),
        convolution('conv4', 384, 3, 1, all(1), 2),
        relu('4'),
        convolution('conv5', 256, 3, 1, all(1), 2),
        pool('5'),
        relu('5'),
        ...classifier(4096, classes),
      ],
    },
  };
}

/** bvlc_alexnet: 227 crop without padding, LRN with α over n and k = 1 across all maps, images warped, BGR. */
function caffe(classes: number): Preset {
  const caffeLrn: LrnParameters = { size: 5, k: 1, alpha: 1e-4 / 5, beta: 0.75, groups: 1 };
  return {
    about: "Caffe's bvlc_alexnet: 227×227, LRN across all maps, blue channel first",
    preprocessing: { ...paperImages, crop: 227, fit: 'warp', order: 'bgr' },
    graph: {
      name: 'caffe',
      input: image(227),
      layers: [
        convolution('conv1', 96, 11, 4, none),
        relu('1'),
        lrn('1', caffeLrn),
        pool('1'),
        convolution('conv2', 256, 5, 1, all(2), 2),
        relu('2'),
        lrn('2', caffeLrn),
        pool('2'),
        convolution('conv3', 384, 3, 1, all(1)),
        relu('3'),
        convolution('conv4', 384, 3, 1, all(1), 2),
        relu('4'),
        convolution('conv5', 256, 3, 1, all(1), 2),
        relu('5'),
        pool('5'),
        ...classifier(4096, classes),
      ],
    },
  };
}

/** torchvision's alexnet (One weird trick, 2014): one tower, no LRN, dropout before fc6 and fc7. */
function torchvision(classes: number): Preset {
  return {
    about: "torchvision's alexnet: one tower of 64-192-384-256-256 maps, no LRN",
    preprocessing: {
      ...paperImages,
      mean: 'colour',
      // torchvision's ImageNet deviations of 0.229, 0.224, 0.225 on pixels in [0, 1].
      deviation: [58.395, 57.12, 57.375],
    },
    graph: {
      name: 'torchvision',
      input: image(224),
      layers: [
        convolution('conv1', 64, 11, 4, all(2)),
        relu('1'),
        pool('1'),
        convolution('conv2', 192, 5, 1, all(2)),
        relu('2'),
        pool('2'),
        convolution('conv3', 384, 3, 1, all(1)),
        relu('3'),
        convolution('conv4', 256, 3, 1, all(1)),
        relu('4'),
        convolution('conv5', 256, 3, 1, all(1)),
        relu('5'),
        pool('5'),
        dropout('6'),
        fullyConnected('fc6', 4096),
        relu('6'),
        dropout('7'),
        fullyConnected('fc7', 4096),
        relu('7'),
        fullyConnected('fc8', classes),
      ],
    },
  };
}

/**
 * AlexNet-BN, the network of large-batch training (You, Gitman and Ginsburg, 2017): the paper's, with batch normalisation
 * behind each convolution and without LRN.
 */
function alexnetBn(classes: number): Preset {
  const { preprocessing, graph } = paper(classes);
  return {
    about: "the paper's network with batch normalisation behind each convolution, without LRN",
    preprocessing,
    graph: {
      ...graph,
      name: 'alexnet-bn',
      layers: graph.layers
        .filter(({ kind }) => kind !== 'lrn')
        .flatMap((layer) =>
          layer.kind === 'convolution' ? [layer, batchNorm(layer.name.replace('conv', ''))] : [layer],
        ),
    },
  };
}

/**
 * A four-layer net for CIFAR-10 (the paper, section 3.1, does not publish its own): three 5×5 convolutions of 32, 32 and
 * 64 maps and a classifier, as in cuda-convnet, with the paper's overlapping max-pooling. The images are 32×32, whole.
 */
function cifar(classes: number): Preset {
  return {
    about: 'a four-layer net for 32×32 images (CIFAR-10)',
    preprocessing: { ...paperImages, store: 32, crop: 32, deviation: unitSpread },
    graph: {
      name: 'cifar',
      input: image(32),
      layers: [
        convolution('conv1', 32, 5, 1, all(2)),
        relu('1'),
        pool('1'),
        convolution('conv2', 32, 5, 1, all(2)),
        relu('2'),
        pool('2'),
        convolution('conv3', 64, 5, 1, all(2)),
        relu('3'),
        pool('3'),
        fullyConnected('fc4', classes),
      ],
    },
  };
}

/** The paper's structure on 64×64 images: every kind of layer, two devices' worth of maps, minutes on a laptop. */
function mini(classes: number): Preset {
  return {
    about: "the paper's structure at 64×64, for a laptop",
    preprocessing: { ...paperImages, store: 72, crop: 64, deviation: unitSpread },
    graph: {
      name: 'mini',
      input: image(64),
      layers: [
        convolution('conv1', 32, 5, 2, [1, 1, 2, 2]),
        relu('1'),
        lrn('1', paperLrn),
        pool('1'),
        convolution('conv2', 96, 5, 1, all(2), 2),
        relu('2'),
        lrn('2', paperLrn),
        pool('2'),
        convolution('conv3', 128, 3, 1, all(1)),
        relu('3'),
        convolution('conv4', 128, 3, 1, all(1), 2),
        relu('4'),
        convolution('conv5', 96, 3, 1, all(1), 2),
        relu('5'),
        pool('5'),
        ...classifier(256, classes),
      ],
    },
  };
}

const presets: Record<PresetName, (classes: number) => Preset> = {
  paper,
  authors,
  caffe,
  torchvision,
  'alexnet-bn': alexnetBn,
  cifar,
  mini,
};

/** Throws AlexNetError USAGE for an unknown name or a class count below 2. */
export function preset(name: string, classes: number): Preset {
  if (!Object.hasOwn(presets, name)) {
    expected(`one of ${presetNames.join(', ')}`, 'preset', name);
  }
  if (!Number.isInteger(classes) || classes < 2 || classes > 1_000_000) {
    expected('a whole number from 2 to 1000000', 'classes', classes);
  }
  return presets[name as PresetName](classes);
}
