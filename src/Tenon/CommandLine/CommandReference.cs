using System.CommandLine;
using System.Text;

namespace Tenon.CommandLine;

/// <summary>Writes docs/command-line.md from the commands themselves; a test compares the page with them.</summary>
internal static class CommandReference
{
    /// <summary>The page.</summary>
    public static string Render(RootCommand root)
    {
        var page = new StringBuilder("""
            # The command line

            Made by `tenon command-reference`. Every command has `--help`, and `--output json` prints one JSON document instead of tables.

            | exit code | means |
            |---|---|
            | 0 | done, and nothing is wrong |
            | 1 | it ran and failed, or a check found an error |
            | 2 | the command line or the configuration is wrong; nothing was done |
            | 3 | `tenon plan --exit-code`: there are changes to make |
            | 130 | stopped by a signal before it was done |

            """);
        foreach (Command command in root.Subcommands.Where(c => !c.Hidden)) Append(page, command, "tenon");
        return page.ToString();
    }

    private static void Append(StringBuilder page, Command command, string parent)
    {
        string name = $"{parent} {command.Name}";
        if (command.Subcommands.Count > 0)
        {
            foreach (Command inner in command.Subcommands.Where(c => !c.Hidden)) Append(page, inner, name);
            return;
        }

        page.Append($"\n## {name}\n{command.Description}\n");
        foreach (Argument argument in command.Arguments) page.Append($"\n`{argument.HelpName ?? argument.Name}`: {argument.Description}\n");
        Option[] options = [.. command.Options.Where(o => !o.Hidden)];
        if (options.Length > 0)
        {
            page.Append("\n| option | meaning | default |\n|---|---|---|\n");
            foreach (Option option in options)
            {
                string names = string.Join(", ", option.Aliases.Prepend(option.Name));
                string value = option.HelpName is { } help ? $" {help}" : "";
                page.Append($"| `{(names + value).Replace("|", "\\|", StringComparison.Ordinal)}` | {option.Description} | {DefaultOf(option)} |\n");
            }
        }

        IReadOnlyList<string> examples = ExampleHelp.ExamplesOf(command);
        if (examples.Count > 0) page.Append($"\n```\n{string.Join('\n', examples)}\n```\n");
    }

    private static string DefaultOf(Option option)
    {
        if (!option.HasDefaultValue) return "";
        string text = option.GetDefaultValue() switch
        {
            null => "",
            bool flag => flag ? "true" : "false",
            string[] several => string.Join(",", several),
            TimeSpan span => span.TotalMinutes >= 1 ? $"{span.TotalMinutes:0.##}m" : $"{span.TotalSeconds:0.##}s",
            object other => $"{other}",
        };
        return text.Length == 0 ? "" : $"`{text}`";
    }
}
