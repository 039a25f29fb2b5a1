using BenchmarkDotNet.Attributes;
using EmbeddingGrpc.EventLog;
using EmbeddingGrpc.EventLog.Groups;

namespace EmbeddingGrpc.Benchmarks.EventLog;

/// <summary>Encoding and decoding one group, without the disk.</summary>
[MemoryDiagnoser]
public class GroupCodecBenchmark
{
    private readonly GroupEncoder _encoder = new();
    private readonly GroupDecoder _decoder = new();
    private Interaction[] _interactions = [];
    private GroupHeader _header;
    private byte[] _payload = [];

    [Params(1, 500, 10_000)]
    public int Interactions { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _interactions = new SimulatedStream(users: 1_000_000, items: 1_000_000, seed: 1).Next(Interactions);
        Encode();
        _payload = _encoder.Finish([])[GroupHeader.Size..].ToArray();
        _header = new GroupHeader(0, 0, 0, Interactions, _payload.Length, 0, 0);
    }

    [Benchmark]
    public int Encode()
    {
        _encoder.Clear();
        foreach (ref readonly var interaction in _interactions.AsSpan()) _encoder.Add(interaction);
        return _encoder.Finish([]).Length;
    }

    [Benchmark]
    public int Decode()
    {
        _decoder.Begin(_header, _payload, 0);
        var count = 0;
        while (_decoder.TryRead(out _)) count++;
        return count;
    }
}
