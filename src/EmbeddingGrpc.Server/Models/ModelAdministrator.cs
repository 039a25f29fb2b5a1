using EmbeddingGrpc.Server.Models.Files;
using EmbeddingGrpc.Server.Models.Settings;

namespace EmbeddingGrpc.Server.Models;

/// <summary>Creates, changes and deletes models, and opens those that exist. One change at a time; readers of the registry are not held up.</summary>
public sealed class ModelAdministrator : IDisposable
{
    private readonly ModelRegistry _registry;
    private readonly ModelOpener _opener;
    private readonly ModelOptions _defaults;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ModelsDirectory _directory;
    private readonly SemaphoreSlim _changes = new(1);

    /// <summary>Administers the models below a data directory.</summary>
    /// <param name="dataDirectory">The daemon's data directory.</param>
    /// <param name="registry">Where open models are found.</param>
    /// <param name="opener">What opens them.</param>
    /// <param name="defaults">Options of the default model, and of the others where they set none.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Told what cannot be opened.</param>
    public ModelAdministrator(
        string dataDirectory, ModelRegistry registry, ModelOpener opener, ModelOptions defaults, TimeProvider time, ILogger<ModelAdministrator> logger)
    {
        _registry = registry;
        _opener = opener;
        _defaults = defaults;
        _time = time;
        _logger = logger;
        _directory = new ModelsDirectory(dataDirectory, logger);
    }

    /// <summary>Options of the default model, and of the others where they set none.</summary>
    public ModelOptions Defaults => _defaults;

    /// <summary>Opens the default model and every other that exists. One that cannot be opened is logged and told by the registry; it stops no other.</summary>
    /// <param name="onDefaultOpened">Told of the default model before anyone can find it.</param>
    /// <param name="onDefaultFailure">Told when the default model cannot be opened, or its log not be applied any more.</param>
    public async Task OpenAllAsync(Action<ModelRuntime> onDefaultOpened, Action<Exception> onDefaultFailure)
    {
        ArgumentNullException.ThrowIfNull(onDefaultOpened);
        ArgumentNullException.ThrowIfNull(onDefaultFailure);
        await TryOpenAsync(ModelRegistry.DefaultModel, async () =>
        {
            _directory.Prepare();
            var model = await _opener.OpenAsync(ModelRegistry.DefaultModel, _defaults, onDefaultFailure);
            onDefaultOpened(model);
            return model;
        }, onDefaultFailure);
        var fed = new List<ModelDefinition>();
        foreach (var name in StoredNames())
        {
            await TryOpenAsync(name, async () =>
            {
                var definition = _directory.Read(name);
                if (definition.EventsFrom is null) return await OpenAsync(definition);
                fed.Add(definition);
                return null;
            });
        }

        // Those that feed them are open now, or will not be.
        foreach (var definition in fed) await TryOpenAsync(definition.Name, async () => await OpenAsync(definition));
    }

    /// <summary>Creates a model, durably. It has nothing to serve until it is trained.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="eventsFrom">The model whose events feed it; empty for a log of its own.</param>
    /// <param name="options">Options by name; the others have the daemon's defaults.</param>
    /// <param name="cancellationToken">While it waits for another change.</param>
    /// <exception cref="InvalidModelNameException">It cannot have this name.</exception>
    /// <exception cref="ModelExistsException">There is one of this name.</exception>
    /// <exception cref="ModelNotFoundException">There is no model <paramref name="eventsFrom"/>.</exception>
    /// <exception cref="InvalidModelOptionsException">An option is unknown, out of bounds or contradicts another.</exception>
    /// <exception cref="ModelPreconditionException"><paramref name="eventsFrom"/> is itself fed by another model.</exception>
    /// <exception cref="ModelNotStoredException">The disk refused.</exception>
    public async Task<ModelRuntime> CreateAsync(
        string name, string eventsFrom, IReadOnlyDictionary<string, string> options, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(eventsFrom);
        if (ModelName.Check(name) is { } wrong) throw new InvalidModelNameException(name, wrong);
        await _changes.WaitAsync(cancellationToken);
        try
        {
            if (name == ModelRegistry.DefaultModel || _directory.Exists(name)) throw new ModelExistsException(name);
            _ = OptionText.With(_defaults, options, out var canonical);
            var definition = new ModelDefinition
            {
                Name = name,
                EventsFrom = eventsFrom.Length == 0 ? null : SourceOf(eventsFrom, canonical).Name,
                CreateTime = _time.GetUtcNow(),
                Options = canonical,
            };
            Store(name, () => _directory.Create(definition));
            var model = await OpenAsync(definition);
            model.AnswerUntrained();
            _registry.Add(model);
            return model;
        }
        finally
        {
            _changes.Release();
        }
    }

    /// <summary>Changes a model's options, durably. <see cref="ModelRuntime.NeedsTraining"/> and <see cref="ModelRuntime.NeedsRestart"/> say what is not in force yet.</summary>
    /// <param name="name">The model.</param>
    /// <param name="options">Options to set, by name.</param>
    /// <param name="reset">Names of options to have the daemon's defaults again.</param>
    /// <param name="cancellationToken">While it waits for another change.</param>
    /// <exception cref="ModelNotFoundException">There is no such model.</exception>
    /// <exception cref="ModelPreconditionException">It is the default model, which the configuration sets.</exception>
    /// <exception cref="InvalidModelOptionsException">An option is unknown, out of bounds or contradicts another.</exception>
    /// <exception cref="ModelNotStoredException">The disk refused.</exception>
    public async Task<ModelRuntime> UpdateAsync(
        string name, IReadOnlyDictionary<string, string> options, IReadOnlyCollection<string> reset, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(options);
        await _changes.WaitAsync(cancellationToken);
        try
        {
            var model = _registry.Get(name);
            if (model.Name == ModelRegistry.DefaultModel)
            {
                throw new ModelPreconditionException(
                    "SET_BY_CONFIGURATION", $"The options of model '{model.Name}' are the daemon's configuration {ModelOptions.Section}: change them there and start it again.");
            }

            _ = OptionText.With(_defaults, options, out var canonical);
            var definition = _directory.Read(model.Name);
            var set = new SortedDictionary<string, string>(definition.Options, StringComparer.Ordinal);
            foreach (var option in OptionText.Canonical(reset)) set.Remove(option);
            foreach (var (option, value) in canonical) set[option] = value;
            if (definition.EventsFrom is not null) RefuseEventOptions(definition.EventsFrom, set);
            var changed = OptionText.With(_defaults, set, out _);
            Store(model.Name, () => _directory.Replace(definition with { Options = set }));
            model.Update(changed);
            return model;
        }
        finally
        {
            _changes.Release();
        }
    }

    /// <summary>Deletes a model with its log and generations. Calls that it is answering end; later ones do not find it.</summary>
    /// <exception cref="ModelNotFoundException">There is no such model.</exception>
    /// <exception cref="ModelPreconditionException">It is the default model, or feeds others; says which.</exception>
    /// <exception cref="ModelNotStoredException">The disk refused; it may be gone after a restart.</exception>
    public async Task DeleteAsync(string name, CancellationToken cancellationToken)
    {
        await _changes.WaitAsync(cancellationToken);
        try
        {
            if (name.Length == 0 || name == ModelRegistry.DefaultModel)
            {
                throw new ModelPreconditionException("DEFAULT_MODEL", $"Model '{ModelRegistry.DefaultModel}' cannot be deleted: it is there from the start.");
            }

            // One that could not be opened can be deleted, too.
            if (!_registry.Failures.ContainsKey(name)) _ = _registry.Get(name);
            var fed = _registry.Models.Where(model => model.EventsFrom == name).Select(model => $"'{model.Name}'").ToList();
            if (fed.Count > 0) throw new ModelPreconditionException("FEEDS_OTHER_MODELS", $"Model '{name}' feeds {string.Join(", ", fed)}: delete what it feeds first.");
            if (_registry.Remove(name) is { } removed) await removed.DisposeAsync();
            Store(name, () => _directory.Delete(name));
            UnusedMemory.LetGo();
        }
        finally
        {
            _changes.Release();
        }
    }

    /// <summary>Closes every model. Nothing is found any more.</summary>
    public async Task CloseAllAsync()
    {
        await _changes.WaitAsync();
        try
        {
            // Those that are fed before those that feed them.
            foreach (var model in _registry.Models.OrderBy(model => model.EventsFrom is null))
            {
                _registry.Remove(model.Name);
                await model.DisposeAsync();
            }
        }
        finally
        {
            _changes.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _changes.Dispose();

    private IReadOnlyList<string> StoredNames()
    {
        try
        {
            return _directory.Names();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            ModelLog.ModelsUnreadable(_logger, e, _directory.DirectoryPath, e.Message);
            return [];
        }
    }

    private async Task TryOpenAsync(string name, Func<Task<ModelRuntime?>> open, Action<Exception>? onFailure = null)
    {
        try
        {
            if (await open() is { } model) _registry.Add(model);
        }
        catch (Exception e) when (e is ModelUnavailableException or ModelFileException or InvalidModelOptionsException or ModelNotFoundException
            or ModelPreconditionException or IOException or UnauthorizedAccessException)
        {
            // The daemon stays: its other models serve, and the operator reads what is wrong here, at /readyz and in every call of this one.
            ModelLog.ModelNotOpened(_logger, e, name, e.Message);
            _registry.AddFailure(name, e);
            onFailure?.Invoke(e);
        }
    }

    private async Task<ModelRuntime> OpenAsync(ModelDefinition definition)
    {
        var options = OptionText.With(_defaults, definition.Options, out _);
        return definition.EventsFrom is null
            ? await _opener.OpenAsync(definition.Name, options)
            : _opener.OpenFedBy(definition.Name, options, SourceOf(definition.EventsFrom, definition.Options));
    }

    private ModelRuntime SourceOf(string eventsFrom, IReadOnlyDictionary<string, string> options)
    {
        var source = _registry.Get(eventsFrom);
        if (source.EventsFrom is not null)
        {
            throw new ModelPreconditionException(
                "FED_BY_ANOTHER_MODEL", $"Model '{source.Name}' has no events of its own: it is fed by '{source.EventsFrom}'. Name that one.");
        }

        RefuseEventOptions(source.Name, options);
        return source;
    }

    private static void RefuseEventOptions(string eventsFrom, IReadOnlyDictionary<string, string> options)
    {
        var contradicting = OptionText.All.Where(option => option.Effect == OptionEffect.Restart && options.ContainsKey(option.Name))
            .Select(option => new OptionViolation(option.Name, $"contradicts events_from: log and histories are those of model '{eventsFrom}'; leave it out"))
            .ToList();
        if (contradicting.Count > 0) throw new InvalidModelOptionsException(contradicting);
    }

    private static void Store(string model, Action change)
    {
        try
        {
            change();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelNotStoredException(model, e);
        }
    }
}
