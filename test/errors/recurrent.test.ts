import { ArgumentError, DTypeError, ShapeError, nn, ones, tensor, zeros } from 'tenon';
import { failures, wrong } from './table';

const { rnn } = nn.utils;
const packed = () => rnn.packSequence([ones(2, 3), ones(1, 3)]);

describe('RNN, LSTM and GRU', () => {
  const lstm = new nn.LSTM(3, 4, 2);
  const gru = new nn.GRU(3, 4);
  failures([
    [() => new nn.RNN(0, 4), ArgumentError, /^RNN: expected inputSize to be an integer >= 1, got 0/],
    [() => new nn.LSTM(3, 2.5), ArgumentError, /^LSTM: expected hiddenSize to be an integer >= 1, got 2\.5/],
    [() => new nn.GRU(3, 0), ArgumentError, /^GRU: expected hiddenSize to be an integer >= 1, got 0/],
    [() => new nn.GRU(3, 4, 0), ArgumentError, /^GRU: expected numLayers/],
    [() => new nn.LSTM(3, 4, 1e9), ArgumentError, /^LSTM: expected numLayers to be at most 65536/],
    [() => new nn.LSTMCell(3, -1), ArgumentError, /^LSTMCell: expected hiddenSize to be an integer >= 0/],
    [() => new nn.RNN(3, 4, 1, wrong('sin')), ArgumentError, /^RNN: expected nonlinearity .* got "sin"/],
    [() => new nn.GRU(3, 4, wrong({ projSize: 2 })), ArgumentError, /^GRU: unknown option "projSize"/],
    [
      () => new nn.LSTM(3, 4, { projSize: 4 }),
      ArgumentError,
      /^LSTM: expected projSize < hiddenSize, got 4 and 4/,
    ],
    [
      () => new nn.LSTM(3, 4, { dropout: 2 }),
      ArgumentError,
      /^LSTM: expected dropout to be a number from 0 to 1/,
    ],
    [
      () => new nn.LSTM(3, 4, { dtype: 'int64' }),
      DTypeError,
      /^LSTM: expected a floating-point dtype, got int64/,
    ],
    [() => new nn.RNNBase('TREE', 3, 4), ArgumentError, /^RNNBase: expected one of RNN_TANH, .* got "TREE"/],
    [
      () => new nn.RNNBase('GRU', 3, 4).forward(ones(1, 3)) as unknown,
      ArgumentError,
      /^RNNBase: has no forward/,
    ],
    [() => lstm.forward(ones(3)), ShapeError, /^LSTM: expected input \[time, batch, 3\] .* got \[3\]/],
    [() => lstm.forward(ones(5, 2, 4)), ShapeError, /^LSTM: expected input \[\.\.\., 3\], got \[5, 2, 4\]/],
    [() => lstm.forward(zeros(0, 2, 3)), ShapeError, /^LSTM: expected at least one step/],
    [() => lstm.forward(ones(5, 2, 3).double()), DTypeError, /dtype float32, got float64/],
    [
      () => lstm.forward(ones(5, 2, 3), wrong(ones(2, 2, 4))),
      ArgumentError,
      /^LSTM: expected hx to be \[h, c\]/,
    ],
    [
      () => lstm.forward(ones(5, 2, 3), [ones(2, 2, 4), ones(2, 3, 4)]),
      ShapeError,
      /^LSTM: expected states of shape \[2, 2, 4\], got \[2, 3, 4\]/,
    ],
    [() => gru.forward(ones(5, 2, 3), ones(1, 4)), ShapeError, /^GRU: for a 3-d input states are 3-d/],
    [() => gru.forward(ones(5, 3), ones(1, 2, 4)), ShapeError, /^GRU: for a 2-d input states are 2-d/],
    [() => gru.forward(ones(5, 2, 3), ones(1, 2, 4).double()), DTypeError, /states of the input's dtype/],
    [() => gru.forward(packed(), ones(1, 4)), ShapeError, /^GRU: for packed sequences states are 3-d/],
    [
      () => gru.forward(new rnn.PackedSequence(ones(4, 3), tensor([1, 3], { dtype: 'int64' }))),
      ShapeError,
      /^GRU: expected batchSizes that never grow and add up to 4 rows, got \[1, 3\]/,
    ],
    [
      () => gru.forward(new rnn.PackedSequence(ones(4, 3), tensor([3, 2], { dtype: 'int64' }))),
      ShapeError,
      /^GRU: expected batchSizes/,
    ],
    [() => gru.forward(new rnn.PackedSequence(ones(2), tensor([2], { dtype: 'int64' }))), ShapeError, /rows/],
  ]);
});

describe('cells', () => {
  const cell = new nn.LSTMCell(3, 4);
  failures([
    [() => new nn.RNNCell(3, 4, true, wrong('sin')), ArgumentError, /^RNNCell: expected nonlinearity/],
    [() => new nn.GRUCell(-1, 4), ArgumentError, /^GRUCell: expected inputSize/],
    [
      () => cell.forward(ones(1, 2, 3)),
      ShapeError,
      /^LSTMCell: expected input \[batch, 3\] or \[3\], got \[1, 2, 3\]/,
    ],
    [() => cell.forward(ones(2, 4)), ShapeError, /^LSTMCell: expected input/],
    [
      () => cell.forward(ones(2, 3), wrong([ones(2, 4)])),
      ArgumentError,
      /^LSTMCell: expected hx to be \[h, c\]/,
    ],
    [
      () => cell.forward(ones(2, 3), [ones(2, 4), ones(4)]),
      ShapeError,
      /^LSTMCell: expected hx of shape \[2, 4\]/,
    ],
    [() => new nn.GRUCell(3, 4).forward(ones(3), ones(4).half()), DTypeError, /^GRUCell: expected hx/],
  ]);
});

describe('packing and padding', () => {
  const pack = (lengths: unknown, options = {}): unknown =>
    rnn.packPaddedSequence(ones(4, 3, 2), lengths as number[], options);
  failures([
    [() => pack([4, 2]), ShapeError, /^packPaddedSequence: expected a length for each of 3 sequences, got 2/],
    [() => pack([4, 2, 0]), ArgumentError, /^packPaddedSequence: expected lengths from 1 to 4, got 0/],
    [() => pack([5, 2, 1]), ArgumentError, /got 5/],
    [() => pack([1, 2, 3]), ArgumentError, /enforceSorted: false/],
    [() => pack([1.5, 1, 1]), ArgumentError, /^packPaddedSequence: expected lengths as integers/],
    [() => pack('3'), ArgumentError, /lengths/],
    [() => rnn.packPaddedSequence(ones(3), [1]), ShapeError, /at least 2 dimensions/],
    [() => rnn.packPaddedSequence(zeros(0, 3), [1, 1, 1]), ShapeError, /empty/],
    [
      () => rnn.padPackedSequence(wrong(ones(2))),
      ArgumentError,
      /^padPackedSequence: expected a PackedSequence/,
    ],
    [
      () => rnn.padPackedSequence(packed(), { totalLength: 1 }),
      ArgumentError,
      /totalLength to be at least 2/,
    ],
    [() => rnn.padSequence([]), ArgumentError, /^padSequence: expected a list of at least one Tensor/],
    [
      () => rnn.padSequence([ones(2, 3), ones(2, 4)]),
      ShapeError,
      /^padSequence: expected sequences that differ/,
    ],
    [() => rnn.padSequence([ones(2)], false, 0, wrong('top')), ArgumentError, /paddingSide/],
    [() => rnn.padSequence(wrong([1])), ArgumentError, /^padSequence: expected sequences\[0\]/],
    [() => rnn.packSequence([ones(1), ones(2)]), ArgumentError, /enforceSorted: false/],
    [
      () => rnn.unpadSequence(ones(2, 3), [1, 2]),
      ShapeError,
      /^unpadSequence: expected a length for each of 3/,
    ],
    [() => new rnn.PackedSequence(ones(2), ones(2)), ArgumentError, /batchSizes as int64/],
    [() => new rnn.PackedSequence(wrong(ones(2))), ArgumentError, /expected data and batchSizes/],
  ]);
});
