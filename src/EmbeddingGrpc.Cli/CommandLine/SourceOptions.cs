using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.IO.Hashing;
using System.Text;
using EmbeddingGrpc.Cli.Sources;

namespace EmbeddingGrpc.Cli.CommandLine;

/// <summary>The options that name a file of behaviour and its layout.</summary>
internal sealed class SourceOptions
{
    private const double DefaultMinimumRating = 3.5;
    private const string DefaultColumns = "user=user,item=item,time=time";

    private static readonly string[] ColumnRoles = ["user", "item", "time", "type", "weight"];

    private readonly Argument<string?> _file = new("FILE") { Description = "The file; - for standard input." };

    private readonly Option<SourceFormat?> _format = new("--format")
    {
        Description = "movielens: MovieLens' ratings.csv. sequences: 'user item item ...' a line, in time order. sessions: items only, one anonymous session a line; "
            + "each gets a user of its own. csv: any columns, see --columns. In sequences and sessions items are a second apart.",
        HelpName = "csv|movielens|sequences|sessions",
        CustomParser = ParseFormat,
    };

    private readonly Option<double> _minimumRating = new("--min-rating")
    {
        Description = "movielens: ratings of at least this count as interactions, lower ones are left out.",
        HelpName = "RATING",
        DefaultValueFactory = _ => DefaultMinimumRating,
    };

    private readonly Option<CsvMapping> _columns = new("--columns")
    {
        Description = "csv: which column is what, by the header's names: user, item, time (seconds or milliseconds since 1970, or ISO 8601), and if there are "
            + $"any type ({InteractionTypeText.Names}) and weight.",
        HelpName = "ROLE=COLUMN,...",
        DefaultValueFactory = result => ParseColumns(result, DefaultColumns),
        CustomParser = result => ParseColumns(result, result.Tokens.Single().Value),
    };

    /// <summary>Adds them, the file and its format required.</summary>
    public void AddTo(Command command)
    {
        _format.Required = true;
        _file.Arity = ArgumentArity.ExactlyOne;
        AddAll(command);
    }

    /// <summary>Adds them where a command can do without a file: the format and the file then need each other.</summary>
    public void AddOptionalTo(Command command)
    {
        _file.Arity = ArgumentArity.ZeroOrOne;
        AddAll(command);
        command.Validators.Add(result =>
        {
            var hasFormat = result.GetResult(_format) is not null;
            var hasFile = IsGiven(result);
            if (hasFormat && !hasFile) result.AddError("--format needs a FILE to read.");
            if (hasFile && !hasFormat) result.AddError("FILE needs --format movielens, sequences, sessions or csv.");
        });
    }

    /// <summary>Whether the command line names a file.</summary>
    public bool IsGiven(ParseResult arguments) => arguments.GetValue(_file) is not null;

    /// <summary>Whether the command line names a file, for a command's validators.</summary>
    public bool IsGiven(CommandResult command) => command.GetResult(_file) is { Tokens.Count: > 0 };

    public SourceFormat Format(ParseResult arguments) => arguments.GetValue(_format) ?? throw new InvalidOperationException("--format was not given.");

    /// <exception cref="CommandFailedException">There is no such file.</exception>
    public SourceFile Open(ParseResult arguments)
    {
        var path = arguments.GetRequiredValue(_file)!;
        if (Directory.Exists(path)) throw new CommandFailedException($"{path} is a directory; name a file in it");
        if (path != SourceFile.StandardInput && !File.Exists(path)) throw new CommandFailedException($"file not found: {path}");
        return SourceFile.Open(path, TimeProvider.System);
    }

    /// <exception cref="SourceFormatException">The file is not of that format.</exception>
    public IInteractionSource Read(ParseResult arguments, SourceFile file) => file.Read(Format(arguments), Mapping(arguments), TimeProvider.System);

    /// <summary>The producer's name for a file: the same for the same content read the same way; null for standard input, which cannot be told again.</summary>
    public string? ProducerName(ParseResult arguments, SourceFile file)
    {
        if (file.Fingerprint is null) return null;
        // Another threshold or mapping reads other interactions at the same places.
        var reading = Format(arguments) switch
        {
            SourceFormat.Movielens => string.Create(CultureInfo.InvariantCulture, $"movielens>={arguments.GetValue(_minimumRating)}"),
            SourceFormat.Csv => $"csv/{Fingerprint(arguments.GetRequiredValue(_columns))}",
            var other => other.ToString().ToLowerInvariant(),
        };
        return $"embedctl/{file.Fingerprint}/{reading}";
    }

    // Column names may be longer than a producer's name may be.
    private static string Fingerprint(CsvMapping mapping) =>
        XxHash3.HashToUInt64(Encoding.UTF8.GetBytes(string.Join('\n', mapping.User, mapping.Item, mapping.Time, mapping.Type, mapping.Weight)))
            .ToString("x16", CultureInfo.InvariantCulture);

    private CsvMapping? Mapping(ParseResult arguments) => Format(arguments) switch
    {
        SourceFormat.Movielens => CsvMapping.MovieLens(arguments.GetValue(_minimumRating)),
        SourceFormat.Csv => arguments.GetRequiredValue(_columns),
        _ => null,
    };

    private void AddAll(Command command)
    {
        _minimumRating.AcceptOnlyRange(-1e9, 1e9);
        _format.CompletionSources.Add("movielens", "sequences", "sessions", "csv");
        command.Add(_file);
        command.Add(_format);
        command.Add(_minimumRating);
        command.Add(_columns);
    }

    private static SourceFormat? ParseFormat(ArgumentResult result)
    {
        var text = result.Tokens.Single().Value;
        foreach (var format in Enum.GetValues<SourceFormat>())
        {
            if (string.Equals(format.ToString(), text, StringComparison.OrdinalIgnoreCase)) return format;
        }
        result.AddError($"--format '{text}' is not one of movielens, sequences, sessions, csv.");
        return null;
    }

    private static CsvMapping ParseColumns(ArgumentResult result, string text)
    {
        var columns = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var part in text.Split(',', StringSplitOptions.TrimEntries))
        {
            var separator = part.IndexOf('=', StringComparison.Ordinal);
            var role = separator < 0 ? part : part[..separator].Trim();
            if (separator < 0 || separator == part.Length - 1) result.AddError($"--columns: '{part}' is not ROLE=COLUMN.");
            else if (!ColumnRoles.Contains(role, StringComparer.OrdinalIgnoreCase)) result.AddError($"--columns: '{role}' is not one of {string.Join(", ", ColumnRoles)}.");
            else if (!columns.TryAdd(role, part[(separator + 1)..].Trim())) result.AddError($"--columns: '{role}' is given twice.");
        }
        return new CsvMapping(columns.GetValueOrDefault("user", "user"), columns.GetValueOrDefault("item", "item"), columns.GetValueOrDefault("time", "time"))
        {
            Type = columns.GetValueOrDefault("type"),
            Weight = columns.GetValueOrDefault("weight"),
        };
    }
}
