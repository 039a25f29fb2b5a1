using EmbeddingGrpc.Indexing;
using EmbeddingGrpc.Server.Models.FoldIn;

namespace EmbeddingGrpc.Server.Models.Files;

/// <summary>One model's generations on disk. Any thread may list; one at a time writes, points and prunes.</summary>
internal sealed class GenerationDirectory
{
    private readonly DurableFiles _files;
    private readonly ServingPointer _pointer;
    private readonly ILogger _logger;

    /// <summary>Opens the directory, created where it is missing, and removes what a crash left half-written.</summary>
    /// <exception cref="IOException">The disk refused.</exception>
    public GenerationDirectory(string path, ILogger logger, DurableFiles? files = null)
    {
        DirectoryPath = System.IO.Path.GetFullPath(path);
        _files = files ?? new DurableFiles();
        _logger = logger;
        _pointer = new ServingPointer(DirectoryPath, _files);
        _files.CreateDirectory(DirectoryPath);
        RemoveLeftovers();
    }

    /// <summary>Where the generations lie.</summary>
    public string DirectoryPath { get; }

    /// <summary>Directories that are named like generations, newest first. Whether one can be used shows when it is read.</summary>
    public IReadOnlyList<GenerationName> Names()
    {
        var names = new List<GenerationName>();
        foreach (var path in Directory.EnumerateDirectories(DirectoryPath))
        {
            if (GenerationName.TryParse(Path.GetFileName(path), out var name)) names.Add(name);
        }

        names.Sort((left, right) => right.Number.CompareTo(left.Number));
        return names;
    }

    /// <summary>What is told of every generation whose manifest can be read, newest first.</summary>
    public IReadOnlyList<GenerationInfo> List()
    {
        var infos = new List<GenerationInfo>();
        foreach (var name in Names())
        {
            try
            {
                infos.Add(GenerationLoader.InfoOf(GenerationLoader.ReadManifest(PathOf(name))));
            }
            catch (GenerationFileException) when (!Directory.Exists(PathOf(name)))
            {
                // Pruned since it was listed.
            }
            catch (GenerationFileException e)
            {
                ModelLog.GenerationUnusable(_logger, PathOf(name), e.Message);
            }
        }

        return infos;
    }

    /// <summary>The number of the next generation: above every one that was ever seen here.</summary>
    public long NextNumber() => Names() is [var newest, ..] ? newest.Number + 1 : 1;

    /// <summary>Writes a generation durably. It does not serve yet.</summary>
    /// <param name="parts">What to write; stays the caller's.</param>
    /// <param name="progress">Told the fraction of files written, 0..1.</param>
    /// <param name="cancellationToken">Checked between files.</param>
    /// <returns>What to load it by.</returns>
    /// <exception cref="IOException">The disk refused.</exception>
    public GenerationInfo Write(GenerationParts parts, Action<double>? progress, CancellationToken cancellationToken)
    {
        new GenerationWriter(DirectoryPath, _files).Write(parts, progress, cancellationToken);
        return GenerationInfo.Of(parts);
    }

    /// <summary>Makes a generation the one that a start serves.</summary>
    /// <exception cref="IOException">The disk refused; the earlier one stays.</exception>
    public void PointAt(GenerationInfo generation) => _pointer.Write(NameOf(generation));

    /// <summary>Loads one generation.</summary>
    /// <exception cref="GenerationFileException">It cannot be used; says which file and why.</exception>
    public GenerationParts Load(GenerationInfo generation, IndexOpenOptions options, CancellationToken cancellationToken) =>
        GenerationLoader.Load(PathOf(NameOf(generation)), options, cancellationToken);

    /// <summary>Where what is folded into a generation is kept.</summary>
    public FoldInFile FoldInFileOf(string model, GenerationInfo generation) => new(Path.Combine(PathOf(NameOf(generation)), FoldInFile.FileName), model, _files, _logger);

    /// <summary>
    /// Loads the generation that served last; where it cannot be used, the next older one that can, then newer ones, rejected ones last. Each refusal is
    /// logged with its file and reason.
    /// </summary>
    /// <returns>Null where none can be used.</returns>
    public GenerationParts? LoadServing(IndexOpenOptions options, CancellationToken cancellationToken)
    {
        foreach (var name in Preferred())
        {
            try
            {
                return GenerationLoader.Load(PathOf(name), options, cancellationToken);
            }
            catch (GenerationFileException e)
            {
                ModelLog.GenerationRefused(_logger, e, PathOf(name), e.File, e.Reason);
            }
        }

        return null;
    }

    /// <summary>
    /// Removes generations until <paramref name="keep"/> are left: never the serving one, and of the others the newest that was not rejected last, to which
    /// a rollback would go. A failure is logged and tried again next time.
    /// </summary>
    public void Prune(int keep, GenerationInfo? serving)
    {
        var names = Names();
        var servingName = serving is null ? default : NameOf(serving);
        var rejected = Rejected(names);
        var fallback = names.FirstOrDefault(name => name != servingName && !rejected.Contains(name));
        var spared = names.OrderByDescending(name => name == servingName).ThenByDescending(name => name == fallback).Take(keep).ToHashSet();
        foreach (var name in names.Where(name => !spared.Contains(name))) TryDelete(PathOf(name));
    }

    private IEnumerable<GenerationName> Preferred()
    {
        var names = Names();
        GenerationName? served = null;
        try
        {
            served = _pointer.Read();
        }
        catch (GenerationFileException e)
        {
            ModelLog.ServingPointerUnusable(_logger, e, e.File, e.Reason);
        }

        var rejected = Rejected(names);
        if (served is not { } last) return names.OrderBy(rejected.Contains);
        if (!names.Contains(last)) ModelLog.ServingGenerationMissing(_logger, PathOf(last));

        // Newer ones were written and never served, or rolled back: better than nothing, and nothing else. Rejected ones are worse still.
        return names.OrderByDescending(name => name == last).ThenBy(rejected.Contains).ThenByDescending(name => name.Number <= last.Number);
    }

    private HashSet<GenerationName> Rejected(IReadOnlyList<GenerationName> names)
    {
        var rejected = new HashSet<GenerationName>();
        foreach (var name in names)
        {
            try
            {
                if (GenerationLoader.ReadManifest(PathOf(name)).Promotion?.Serves is false) rejected.Add(name);
            }
            catch (GenerationFileException)
            {
                // Loading it says what is wrong with it.
            }
        }

        return rejected;
    }

    private void RemoveLeftovers()
    {
        foreach (var path in Directory.EnumerateFileSystemEntries(DirectoryPath, DurableFiles.TemporaryPrefix + "*").ToList())
        {
            ModelLog.LeftoverRemoved(_logger, path);
            if (Directory.Exists(path)) TryDelete(path);
            else File.Delete(path);
        }
    }

    private void TryDelete(string path)
    {
        try
        {
            _files.DeleteDirectory(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            ModelLog.GenerationNotDeleted(_logger, e, path, e.Message);
        }
    }

    private string PathOf(GenerationName name) => Path.Combine(DirectoryPath, name.ToString());

    private static GenerationName NameOf(GenerationInfo generation) => new(generation.Number, generation.Id);
}
