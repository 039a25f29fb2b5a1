using System.Globalization;
using System.Text;
using EmbeddingGrpc.Protocol.V1;
using Sylvan.Data.Csv;

namespace EmbeddingGrpc.Cli.Sources;

/// <summary>One interaction a row, in columns named by the header.</summary>
internal sealed class CsvSource : IInteractionSource
{
    private const int BufferCharacters = 256 * 1024;

    private readonly CsvDataReader _rows;
    private readonly string _name;
    private readonly CsvMapping _mapping;
    private readonly int _user;
    private readonly int _item;
    private readonly int _time;
    private readonly int _type;
    private readonly int _weight;
    private readonly int _minimum;
    private readonly int _columnsNeeded;
    private long _line = 1;

    /// <param name="text">The file; disposed with this.</param>
    /// <param name="name">Its name, for messages.</param>
    /// <param name="mapping">Which columns mean what.</param>
    /// <exception cref="SourceFormatException">A column is missing, or the header cannot be read.</exception>
    public CsvSource(TextReader text, string name, CsvMapping mapping)
    {
        _name = name;
        _mapping = mapping;
        try
        {
            _rows = CsvDataReader.Create(text, new CsvDataReaderOptions
            {
                HasHeaders = true,
                HeaderComparer = StringComparer.OrdinalIgnoreCase,
                BufferSize = BufferCharacters,
                OwnsReader = true,
            });
        }
        catch (Exception e) when (Translate(e) is { } translated)
        {
            throw translated;
        }
        _user = Column(mapping.User);
        _item = Column(mapping.Item);
        _time = Column(mapping.Time);
        _type = mapping.Type is null ? -1 : Column(mapping.Type);
        _weight = mapping.Weight is null ? -1 : Column(mapping.Weight);
        _minimum = mapping.MinimumColumn is null ? -1 : Column(mapping.MinimumColumn);
        _columnsNeeded = new[] { _user, _item, _time, _type, _weight, _minimum }.Max() + 1;
        Type = mapping.FixedType;
    }

    public SourcePosition Position => new(_line, 0);

    public string Problem { get; private set; } = "";

    public ReadOnlySpan<char> UserId => _rows.GetFieldSpan(_user);

    public ReadOnlySpan<char> ItemId => _rows.GetFieldSpan(_item);

    public long EventTimeMs { get; private set; }

    public InteractionType Type { get; private set; }

    public float? Weight { get; private set; }

    public long FilteredLines { get; private set; }

    public ReadOutcome Read()
    {
        while (NextRow())
        {
            if (_rows.RowFieldCount < _columnsNeeded)
                return Refuse($"has {_rows.RowFieldCount} columns; the header promises {_rows.FieldCount}");
            if (_minimum >= 0)
            {
                var text = _rows.GetFieldSpan(_minimum);
                if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value))
                    return Refuse($"{_mapping.MinimumColumn} '{text}' is not a number");
                if (value < _mapping.Minimum)
                {
                    FilteredLines++;
                    continue;
                }
            }
            return ReadFields();
        }
        return ReadOutcome.End;
    }

    public void Dispose() => _rows.Dispose();

    private ReadOutcome ReadFields()
    {
        var time = _rows.GetFieldSpan(_time);
        if (!EventTimeText.TryParse(time, out var timeMs))
            return Refuse($"{_mapping.Time} '{time}' is not a time; expected seconds or milliseconds since 1970, or ISO 8601");
        EventTimeMs = timeMs;
        if (_type >= 0)
        {
            var text = _rows.GetFieldSpan(_type);
            if (!InteractionTypeText.TryParse(text, out var type)) return Refuse($"{_mapping.Type} '{text}' is not one of {InteractionTypeText.Names}");
            Type = type;
        }
        if (_weight >= 0)
        {
            var text = _rows.GetFieldSpan(_weight);
            if (!float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var weight))
                return Refuse($"{_mapping.Weight} '{text}' is not a number");
            Weight = weight;
        }
        return ReadOutcome.Interaction;
    }

    private bool NextRow()
    {
        try
        {
            // A quoted field may hold line ends: the lines of the row before are counted before it is left.
            if (_rows.RowNumber > 0) _line += LineEndsInRow();
            _line++;
            return _rows.Read();
        }
        catch (Exception e) when (Translate(e) is { } translated)
        {
            throw translated;
        }
    }

    private long LineEndsInRow()
    {
        var ends = 0;
        for (var column = 0; column < _rows.RowFieldCount; column++) ends += _rows.GetFieldSpan(column).Count('\n');
        return ends;
    }

    private int Column(string name)
    {
        for (var column = 0; column < _rows.FieldCount; column++)
        {
            if (string.Equals(_rows.GetName(column).Trim(), name, StringComparison.OrdinalIgnoreCase)) return column;
        }
        var found = string.Join(", ", Enumerable.Range(0, _rows.FieldCount).Select(column => $"'{_rows.GetName(column)}'"));
        throw new SourceFormatException(_name, 1, $"the header has no column '{name}'; it has {found}");
    }

    private ReadOutcome Refuse(string problem)
    {
        Problem = problem;
        return ReadOutcome.Refused;
    }

    private SourceFormatException? Translate(Exception exception) => exception switch
    {
        DecoderFallbackException e => new SourceFormatException(_name, _line, $"not UTF-8 here or a little further on ({e.Message.TrimEnd('.')}); convert it with iconv -t UTF-8"),
        CsvMissingHeadersException => new SourceFormatException(_name, 0, $"is empty; expected a header with the columns {_mapping.User}, {_mapping.Item} and {_mapping.Time}"),
        CsvRecordTooLargeException e => new SourceFormatException(_name, _line, $"a row is too long ({e.Message}); is a quote left open?"),
        CsvFormatException e => new SourceFormatException(_name, _line, $"not CSV: {e.Message}"),
        _ => null,
    };
}
