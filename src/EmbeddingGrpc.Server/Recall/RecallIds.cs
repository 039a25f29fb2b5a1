using System.Globalization;
using System.Security.Cryptography;

namespace EmbeddingGrpc.Server.Recall;

/// <summary>Names of recalls: a random number of this process and a count. Unique without a draw of randomness for each call. Thread-safe.</summary>
public sealed class RecallIds
{
    private readonly string _process = Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(8));
    private long _count;

    /// <summary>A name that no other call has, at most 33 ASCII characters.</summary>
    public string Next() => string.Create(CultureInfo.InvariantCulture, $"{_process}-{Interlocked.Increment(ref _count):x}");
}
