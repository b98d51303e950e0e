using Spectre.Console;

namespace Tenon.CommandLine;

/// <summary>
/// Rows without borders under upper-case headings, as kubectl prints them, that fit the width they are printed to. The last column holds
/// sentences: where a row is too wide it goes below, indented, and what then still is too wide is wrapped in its own column. Identifiers
/// are never cut.
/// </summary>
internal sealed class TextRows(params string[] headings)
{
    private const string Gap = "  ";
    private const string Indent = "    ";

    private readonly List<(string? Group, Cell[] Cells)> _rows = [];

    /// <summary>One cell of a row.</summary>
    /// <param name="Text">What it says.</param>
    /// <param name="Color">Its colour, where there are colours.</param>
    public readonly record struct Cell(string Text, Color? Color = null)
    {
        /// <summary>A cell without colour.</summary>
        public static implicit operator Cell(string? text) => new(text ?? "");
    }

    /// <summary>A line of its own above the rows that follow.</summary>
    public void Group(string title) => _rows.Add((title, []));

    /// <summary>A row with a cell for each heading.</summary>
    public void Add(params Cell[] cells)
    {
        if (cells.Length != headings.Length) throw new ArgumentException($"A row has {headings.Length} cells.", nameof(cells));
        _rows.Add((null, cells));
    }

    /// <summary>Prints the headings and all rows.</summary>
    public void Print(IAnsiConsole console)
    {
        ArgumentNullException.ThrowIfNull(console);
        int most = console.Profile.Width;
        int[] widths = [.. headings.Select((heading, i) => _rows.Where(r => r.Group is null).Select(r => r.Cells[i].Text.Length).Append(heading.Length).Max())];
        bool below = widths.Sum() + (Gap.Length * (widths.Length - 1)) > most;
        int columns = below ? widths.Length - 1 : widths.Length;
        int left = widths.Take(columns - 1).Sum() + (Gap.Length * (columns - 1));
        widths[columns - 1] = Math.Max(Math.Min(widths[columns - 1], most - left), 1);
        Line(console, widths, [.. headings.Take(columns).Select(h => (Cell)h)], left);
        foreach ((string? group, Cell[] cells) in _rows)
        {
            if (group is not null)
            {
                Line(console, [group.Length], [group], 0);
                continue;
            }

            Line(console, widths, cells[..columns], left);
            if (below && cells[^1].Text.Length > 0) Wrapped(console, Indent, Indent, cells[^1].Text);
        }
    }

    /// <summary>Prints a sentence in lines that fit, the first after one beginning, the others after another.</summary>
    public static void Wrapped(IAnsiConsole console, string first, string others, string text)
    {
        ArgumentNullException.ThrowIfNull(console);
        string before = first;
        foreach (string line in Split(text, Math.Max(console.Profile.Width - Math.Max(first.Length, others.Length), 20)))
        {
            Write(console, [(before + line, null)]);
            before = others;
        }
    }

    /// <summary>The lines of a text, broken at blanks; a word that is longer than a line stays whole.</summary>
    internal static IEnumerable<string> Split(string text, int width)
    {
        string line = "";
        foreach (string word in text.Split(' '))
        {
            if (line.Length > 0 && line.Length + 1 + word.Length > width)
            {
                yield return line;
                line = word;
            }
            else
            {
                line = line.Length == 0 ? word : $"{line} {word}";
            }
        }

        yield return line;
    }

    private static void Line(IAnsiConsole console, int[] widths, Cell[] cells, int left)
    {
        string[] last = [.. Split(cells[^1].Text, widths[cells.Length - 1])];
        var parts = new List<(string, Color?)>();
        for (int i = 0; i < cells.Length - 1; i++) parts.Add((cells[i].Text.PadRight(widths[i]) + Gap, cells[i].Color));
        parts.Add((last[0], cells[^1].Color));
        Write(console, parts);
        foreach (string more in last.Skip(1)) Write(console, [(new string(' ', left) + more, cells[^1].Color)]);
    }

    private static void Write(IAnsiConsole console, List<(string Text, Color? Color)> parts)
    {
        // Nothing after the last word: blanks at the end of a line only make diffs and copies worse.
        while (parts.Count > 0 && parts[^1].Text.Trim().Length == 0) parts.RemoveAt(parts.Count - 1);
        var line = new Paragraph();
        for (int i = 0; i < parts.Count; i++)
            line.Append(i == parts.Count - 1 ? parts[i].Text.TrimEnd() : parts[i].Text, parts[i].Color is { } color ? new Style(color) : null);
        console.Write(line);
        console.WriteLine();
    }
}
