namespace EmbeddingGrpc.Cli.Input;

/// <summary>A file of behaviour, read one line at a time. Reading it twice gives the same interactions with the same numbers.</summary>
/// <param name="Path">The file.</param>
/// <param name="Format">Its layout.</param>
/// <param name="MinimumRating">MovieLens only: lower ratings are left out.</param>
internal sealed record InteractionFile(string Path, InputFormat Format, double MinimumRating = InteractionFile.DefaultMinimumRating)
{
    /// <summary>From here on a rating is taken as "liked it".</summary>
    public const double DefaultMinimumRating = 3.5;

    /// <summary>Size in bytes, for progress.</summary>
    public long SizeBytes => new FileInfo(Path).Length;

    /// <summary>Reads the file from its beginning.</summary>
    /// <param name="position">Told the bytes read so far, now and then.</param>
    /// <exception cref="InputFormatException">A line is malformed; what came before it was given out.</exception>
    public IEnumerable<InputInteraction> Read(Action<long>? position = null)
    {
        using var stream = new FileStream(Path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 1 << 16, FileOptions.SequentialScan);
        using var reader = new StreamReader(stream);
        var interactions = Format switch
        {
            InputFormat.MovieLens => MovieLensRatings.Read(reader, Path, MinimumRating),
            InputFormat.Sequences => ItemLines.Read(reader, Path, usersFirst: true),
            InputFormat.Sessions => ItemLines.Read(reader, Path, usersFirst: false),
            _ => throw new InvalidOperationException($"Unknown format {Format}."),
        };

        var count = 0L;
        foreach (var interaction in interactions)
        {
            if ((++count & 0xfff) == 0) position?.Invoke(stream.Position);
            yield return interaction;
        }

        position?.Invoke(stream.Length);
    }
}
