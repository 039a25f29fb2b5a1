using EmbeddingGrpc.Protocol.V1;

namespace EmbeddingGrpc.Cli.Sources;

/// <summary>
/// One sequence a line, oldest item first, separated by spaces or tabs: "user item item ..." or, for anonymous sessions, items only. The items of a
/// line are a second apart and end at <c>endTime</c>, so that every sequence is recent and none lies in the future.
/// </summary>
internal sealed class SequenceSource : IInteractionSource
{
    private const string Separators = " \t";

    private readonly LineReader _lines;
    private readonly long _endTimeMs;
    private readonly string? _userPrefix;
    private char[] _line = [];
    private int _lineLength;
    private int _cursor;
    private int _remaining;
    private Range _user;
    private Range _item;
    private string _generatedUser = "";

    /// <param name="lines">The text; disposed with this.</param>
    /// <param name="endTime">When the last item of each line happened.</param>
    /// <param name="userPrefix">Null where lines begin with their user; else each line is a user of its own, named after this and the line's number.</param>
    public SequenceSource(LineReader lines, DateTimeOffset endTime, string? userPrefix)
    {
        _lines = lines;
        _endTimeMs = endTime.ToUnixTimeMilliseconds();
        _userPrefix = userPrefix;
    }

    public SourcePosition Position { get; private set; }

    public string Problem { get; private set; } = "";

    public ReadOnlySpan<char> UserId => _userPrefix is null ? _line.AsSpan()[_user] : _generatedUser;

    public ReadOnlySpan<char> ItemId => _line.AsSpan()[_item];

    public long EventTimeMs => _endTimeMs - 1000L * _remaining;

    public InteractionType Type => InteractionType.View;

    public float? Weight => null;

    public long FilteredLines => 0;

    public ReadOutcome Read()
    {
        if (_remaining > 0)
        {
            _remaining--;
            Position = Position with { Index = Position.Index + 1 };
            _item = NextToken();
            return ReadOutcome.Interaction;
        }
        while (_lines.TryRead(out var line))
        {
            if (line.IndexOfAnyExcept(Separators) < 0) continue;
            return Begin(line);
        }
        return ReadOutcome.End;
    }

    public void Dispose() => _lines.Dispose();

    private ReadOutcome Begin(ReadOnlySpan<char> line)
    {
        Position = new SourcePosition(_lines.Line, 0);
        if (_line.Length < line.Length) _line = new char[Math.Max(line.Length, 2 * _line.Length)];
        line.CopyTo(_line);
        (_lineLength, _cursor) = (line.Length, 0);

        var items = CountTokens(line);
        if (_userPrefix is null)
        {
            _user = NextToken();
            items--;
            if (items == 0) return Refuse($"has a user ('{UserId}') and no items; expected: user item item ...");
        }
        else
        {
            _generatedUser = _userPrefix + _lines.Line;
        }
        if (items > SourcePosition.MaximumPerLine) return Refuse($"has {items:N0} items; at most {SourcePosition.MaximumPerLine:N0} a line");
        _item = NextToken();
        _remaining = items - 1;
        return ReadOutcome.Interaction;
    }

    private ReadOutcome Refuse(string problem)
    {
        Problem = problem;
        return ReadOutcome.Refused;
    }

    private Range NextToken()
    {
        var rest = _line.AsSpan(_cursor, _lineLength - _cursor);
        var start = rest.IndexOfAnyExcept(Separators);
        var length = rest[start..].IndexOfAny(Separators);
        if (length < 0) length = rest.Length - start;
        var token = new Range(_cursor + start, _cursor + start + length);
        _cursor += start + length;
        return token;
    }

    private static int CountTokens(ReadOnlySpan<char> line)
    {
        var tokens = 0;
        while (true)
        {
            var start = line.IndexOfAnyExcept(Separators);
            if (start < 0) return tokens;
            tokens++;
            line = line[start..];
            var end = line.IndexOfAny(Separators);
            if (end < 0) return tokens;
            line = line[end..];
        }
    }
}
