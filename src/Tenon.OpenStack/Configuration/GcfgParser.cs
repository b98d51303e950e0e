using System.Collections.Immutable;
using System.Text;
using Tenon.Core;

namespace Tenon.OpenStack.Configuration;

/// <summary>
/// Reads gcfg line by line and goes on after a fault, so that one run finds them all. A value runs to the end of its line or to an
/// unquoted <c>#</c> or <c>;</c>; a backslash before the line's end continues it; within double quotes <c>\"</c>, <c>\\</c>, <c>\n</c> and <c>\t</c>
/// are escapes.
/// </summary>
internal sealed class GcfgParser
{
    private readonly string _text;
    private readonly List<Problem> _problems = [];
    private readonly ImmutableArray<GcfgSection>.Builder _sections = ImmutableArray.CreateBuilder<GcfgSection>();
    private readonly ImmutableArray<GcfgEntry>.Builder _entries = ImmutableArray.CreateBuilder<GcfgEntry>();
    private int _at;
    private int _line = 1;
    private (string Name, string? Subsection, int Line)? _header;
    private bool _skipping;
    private bool _orphanReported;

    public GcfgParser(string text) => _text = text.StartsWith('\uFEFF') ? text[1..] : text;

    private char Current => _at < _text.Length ? _text[_at] : '\n';

    private bool AtEnd => _at >= _text.Length;

    public GcfgDocument Parse()
    {
        while (!AtEnd)
        {
            SkipBlanks();
            if (AtEnd) break;
            switch (Current)
            {
                case '\n':
                    NextLine();
                    break;
                case '#' or ';':
                    SkipLine();
                    break;
                case '[':
                    ReadHeader();
                    break;
                default:
                    ReadOption();
                    break;
            }
        }

        CloseSection();
        return new GcfgDocument(_sections.ToImmutable(), _problems.ToEquatableArray());
    }

    private static bool IsNameStart(char c) => char.IsLetter(c);

    private static bool IsNamePart(char c) => char.IsLetterOrDigit(c) || c == '-';

    private static bool IsBlank(char c) => c is ' ' or '\t' or '\r';

    private void ReadHeader()
    {
        CloseSection();
        int line = _line;
        _at++;
        SkipBlanks();
        string name = ReadName();
        if (name.Length == 0)
        {
            BadHeader(line, null, "has no section name", "Write it as [Section] or [Section \"name\"]; a name begins with a letter.");
            return;
        }

        SkipBlanks();
        string? subsection = null;
        if (Current == '"')
        {
            subsection = ReadQuoted(line, $"[{name}]");
            if (subsection is null)
            {
                _skipping = true;
                return;
            }

            if (subsection.Length == 0)
            {
                BadHeader(line, name, "has an empty subsection name", $"Write [{name}], or put a name between the quotes.");
                return;
            }

            SkipBlanks();
        }

        if (Current != ']')
        {
            string fix = Current is '.' or '_' || IsNamePart(Current)
                ? $"Write a subsection in quotes: [{name} \"…\"]; names hold letters, digits and hyphens."
                : $"Close it: [{name}{(subsection is null ? "" : $" \"{subsection}\"")}].";
            bool unclosed = Current == '\n';
            BadHeader(line, name, "does not end with ']'", fix);
            if (unclosed) Open(name, subsection, line);
            return;
        }

        _at++;
        SkipBlanks();
        if (Current is not ('\n' or '#' or ';'))
        {
            BadHeader(line, name, "is followed by other text", "Put the option on a line of its own.");
            Open(name, subsection, line);
            return;
        }

        SkipLine();
        Open(name, subsection, line);
    }

    private void Open(string name, string? subsection, int line)
    {
        _header = (name, subsection, line);
        _skipping = false;
    }

    private void BadHeader(int line, string? name, string message, string fix)
    {
        Report(line, name is null ? "section header" : $"[{name}]", $"the section header {message}", fix);
        _skipping = true;
        SkipLine();
    }

    private void ReadOption()
    {
        int line = _line;
        string name = ReadName();
        if (name.Length == 0)
        {
            Report(line, "line", $"it begins with {Describe(Current)}, which starts neither a section nor an option", "Write [Section] or name = value; comments begin with # or ;.");
            SkipLine();
            return;
        }

        SkipBlanks();
        string? value = null;
        if (Current == '=')
        {
            _at++;
            SkipBlanks();
            value = ReadValue(line, name);
            if (value is null) return;
        }
        else if (Current is not ('\n' or '#' or ';'))
        {
            string fix = Current == '_' ? "Option names hold hyphens, not underscores." : $"Write {name} = value.";
            Report(line, Field(name), $"the name is followed by {Describe(Current)} where '=' belongs", fix);
            SkipLine();
            return;
        }
        else
        {
            SkipLine();
        }

        Add(new GcfgEntry(name, value, line));
    }

    private void Add(GcfgEntry entry)
    {
        if (_header is not null)
        {
            _entries.Add(entry);
            return;
        }

        if (_skipping || _orphanReported) return;
        _orphanReported = true;
        Report(entry.Line, entry.Name, "the option stands before any section", "Put a section above it, such as [Global].");
    }

    private string ReadName()
    {
        int start = _at;
        if (!IsNameStart(Current)) return "";
        while (!AtEnd && IsNamePart(Current)) _at++;
        return _text[start.._at];
    }

    /// <summary>Reads up to the end of the value and of its line; <see langword="null"/> when it is malformed (reported).</summary>
    private string? ReadValue(int line, string name)
    {
        var value = new StringBuilder();
        int kept = 0;
        while (true)
        {
            char c = Current;
            if (c == '\n') break;
            if (c is '#' or ';')
            {
                if (_at > 0 && !IsBlank(_text[_at - 1]) && _text[_at - 1] != '"' && kept > 0)
                {
                    _problems.Add(Problem.Warning(Field(name), null, $"everything after the '{c}' is a comment",
                        "Put the value in double quotes if the character belongs to it, or a blank before the comment.", _line));
                }

                break;
            }

            if (c == '"')
            {
                string? quoted = ReadQuoted(_line, Field(name));
                if (quoted is null) return null;
                value.Append(quoted);
                kept = value.Length;
                continue;
            }

            if (c == '\\')
            {
                if (!ContinueLine())
                {
                    Report(_line, Field(name), "a backslash outside quotes must be the last character of its line", "Put the value in double quotes and write \\\\ for a backslash.");
                    SkipLine();
                    return null;
                }

                continue;
            }

            if (c == '\0')
            {
                Report(_line, Field(name), "the value holds a NUL character", "Remove it.");
                SkipLine();
                return null;
            }

            value.Append(c);
            _at++;
            if (!IsBlank(c)) kept = value.Length;
        }

        SkipLine();
        value.Length = kept;
        return value.ToString().Replace("\r", "", StringComparison.Ordinal);
    }

    /// <summary>Reads a quoted string from its opening to its closing quote; <see langword="null"/> when it is malformed (reported, line skipped).</summary>
    private string? ReadQuoted(int line, string what)
    {
        var value = new StringBuilder();
        _at++;
        while (true)
        {
            char c = Current;
            if (c == '\n')
            {
                Report(line, what, "a double quote is not closed on its line", "Close it; write \\n for a line break and \\\" for a quote.");
                SkipLine();
                return null;
            }

            _at++;
            if (c == '"') return value.ToString();
            if (c != '\\')
            {
                value.Append(c);
                continue;
            }

            char escaped = Current;
            char? meaning = escaped switch { 'n' => '\n', 't' => '\t', '"' => '"', '\\' => '\\', _ => null };
            if (meaning is null)
            {
                Report(line, what, $"a backslash is followed by {Describe(escaped)}, which is no escape", "Within quotes write \\\\, \\\", \\n or \\t.");
                SkipLine();
                return null;
            }

            value.Append(meaning.Value);
            _at++;
        }
    }

    private bool ContinueLine()
    {
        int next = _at + 1;
        if (next < _text.Length && _text[next] == '\r') next++;
        if (next >= _text.Length || _text[next] != '\n') return false;
        _at = next + 1;
        _line++;
        return true;
    }

    private void CloseSection()
    {
        if (_header is { } header) _sections.Add(new GcfgSection(header.Name, header.Subsection, header.Line, _entries.ToImmutable()));
        _entries.Clear();
        _header = null;
    }

    private void Report(int line, string field, string message, string fix) => _problems.Add(Problem.Error(field, null, message, fix, line));

    private string Field(string option) => _header is { } header
        ? $"[{header.Name}{(header.Subsection is null ? "" : $" \"{header.Subsection}\"")}] {option}"
        : option;

    private static string Describe(char c) => c switch
    {
        '\n' => "the end of the line",
        '\0' => "a NUL character",
        _ when char.IsControl(c) || char.IsSurrogate(c) => $"the character U+{(int)c:X4}",
        _ => $"'{c}'",
    };

    private void SkipBlanks()
    {
        while (!AtEnd && IsBlank(Current)) _at++;
    }

    private void SkipLine()
    {
        while (!AtEnd && Current != '\n') _at++;
        NextLine();
    }

    private void NextLine()
    {
        if (!AtEnd) _line++;
        _at++;
    }
}
