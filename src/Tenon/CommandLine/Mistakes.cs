using System.CommandLine;
using System.CommandLine.Parsing;

namespace Tenon.CommandLine;

/// <summary>Says what is wrong with a command line in the words of whoever typed it.</summary>
internal static class Mistakes
{
    /// <summary>The mistakes, one line each.</summary>
    public static IEnumerable<string> Of(ParseResult parsed)
    {
        ArgumentNullException.ThrowIfNull(parsed);
        Command command = parsed.CommandResult.Command;
        if (command.Subcommands.Count > 0)
        {
            // Where a word is not known, that no command was given follows from it and says nothing more.
            if (parsed.UnmatchedTokens.Count > 0) return parsed.UnmatchedTokens.Select(word => Unknown(word, command));
            return [$"give a command: {string.Join(", ", Names(command))}"];
        }

        // An option that there is not is taken for an argument; what lacks then follows from it.
        if (NoOptions(parsed).ToArray() is [_, ..] words) return words.Select(word => Unknown(word, command));
        return parsed.Errors.Select(Explain).Distinct(StringComparer.Ordinal);
    }

    /// <summary>The words before "--" that stand where an argument is expected and look like options.</summary>
    public static IEnumerable<string> NoOptions(ParseResult parsed)
        => parsed.Tokens.Any(t => t.Type == TokenType.DoubleDash) ? []
            : parsed.CommandResult.Children.OfType<ArgumentResult>().SelectMany(a => a.Tokens).Select(t => t.Value).Where(v => v.StartsWith('-') && v.Length > 1);

    private static string Unknown(string word, Command command)
        => word.StartsWith('-')
            ? $"there is no option {word} here"
            : $"there is no command \"{word}\": there are {string.Join(", ", Names(command))}";

    private static IEnumerable<string> Names(Command command) => command.Subcommands.Where(c => !c.Hidden).Select(c => c.Name);

    private static string Explain(ParseError error)
    {
        if (error.SymbolResult is not OptionResult { Option: var option, Tokens: [.., var last] } || !error.Message.StartsWith("Cannot parse", StringComparison.Ordinal))
            return error.Message.TrimEnd('.');
        return $"{option.Name} \"{last.Value}\": write {Expected(option)}";
    }

    private static string Expected(Option option)
    {
        Type type = option.ValueType;
        if (type.IsEnum) return string.Join(" or ", Enum.GetNames(type).Select(n => n.ToLowerInvariant()));
        if (type == typeof(bool)) return "true or false";
        return type == typeof(int) ? "a whole number" : type == typeof(float) || type == typeof(double) ? "a number" : $"a {option.HelpName ?? "value"}";
    }
}
