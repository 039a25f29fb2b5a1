namespace EmbeddingGrpc.Server.Models.Files;

/// <summary>All models on disk: one directory each, below <c>models</c> in the data directory. One at a time changes it.</summary>
internal sealed class ModelsDirectory(string dataDirectory, ILogger logger, DurableFiles? durableFiles = null)
{
    private readonly DurableFiles _files = durableFiles ?? new DurableFiles();

    /// <summary>Where the models lie.</summary>
    public string DirectoryPath { get; } = Path.Combine(Path.GetFullPath(dataDirectory), "models");

    /// <summary>Creates the directory where it is missing, and removes what an interrupted creation or deletion left behind.</summary>
    /// <exception cref="IOException">The disk refused.</exception>
    public void Prepare()
    {
        _files.CreateDirectory(DirectoryPath);
        foreach (var path in Directory.EnumerateDirectories(DirectoryPath, DurableFiles.TemporaryPrefix + "*").ToList())
        {
            ModelLog.LeftoverRemoved(logger, path);
            _files.DeleteDirectory(path);
        }
    }

    /// <summary>Names of the models that were created by a call, whether or not their definitions can be read.</summary>
    public IReadOnlyList<string> Names() =>
    [
        .. Directory.EnumerateDirectories(DirectoryPath)
            .Where(path => File.Exists(Path.Combine(path, ModelDefinition.FileName)))
            .Select(path => Path.GetFileName(path))
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>Whether anything lies under a name.</summary>
    public bool Exists(string name) => Directory.Exists(PathOf(name));

    /// <summary>A model's directory.</summary>
    public string PathOf(string name) => Path.Combine(DirectoryPath, name);

    /// <summary>Reads a model's definition.</summary>
    /// <exception cref="ModelFileException">It cannot be used; says why.</exception>
    public ModelDefinition Read(string name)
    {
        var path = Path.Combine(PathOf(name), ModelDefinition.FileName);
        var definition = ModelDefinition.Read(path);
        return definition.Name == name ? definition : throw new ModelFileException(path, $"it defines model '{definition.Name}', not the one its directory is named for.");
    }

    /// <summary>Creates a model's directory in one durable step: after a crash it has its definition or does not exist.</summary>
    /// <exception cref="IOException">The disk refused.</exception>
    public void Create(ModelDefinition definition)
    {
        var temporary = Path.Combine(DirectoryPath, DurableFiles.TemporaryPrefix + definition.Name);
        if (Directory.Exists(temporary)) _files.DeleteDirectory(temporary);
        _files.CreateDirectory(temporary);
        _files.Write(Path.Combine(temporary, ModelDefinition.FileName), stream => stream.Write(definition.Serialize()));
        _files.SyncDirectory(temporary);
        _files.RenameDirectory(temporary, PathOf(definition.Name));
    }

    /// <summary>Replaces a model's definition in one durable step.</summary>
    /// <exception cref="IOException">The disk refused; the old one stays.</exception>
    public void Replace(ModelDefinition definition) =>
        _files.Replace(Path.Combine(PathOf(definition.Name), ModelDefinition.FileName), stream => stream.Write(definition.Serialize()));

    /// <summary>Removes a model and all it has: after a crash it exists whole, or the next start removes the rest.</summary>
    /// <exception cref="IOException">The disk refused.</exception>
    public void Delete(string name) => _files.DeleteDirectory(PathOf(name));
}
