using System.Text;

namespace Tenon.CloudController.Nodes;

/// <summary>Label values: at most 63 letters, digits, <c>-</c>, <c>_</c>, <c>.</c>, beginning and ending with a letter or digit.</summary>
public static class LabelValue
{
    private const int MaxLength = 63;

    /// <summary>Whether the text is a label value as it is.</summary>
    public static bool IsValid(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        return text.Length <= MaxLength && text.All(IsPart) && (text.Length == 0 || (char.IsAsciiLetterOrDigit(text[0]) && char.IsAsciiLetterOrDigit(text[^1])));
    }

    /// <summary>
    /// The nearest label value, the same that openstack-cloud-controller-manager makes: each run of other characters becomes one <c>-</c>, the
    /// ends are trimmed, the length is cut. Empty when nothing remains.
    /// </summary>
    public static string From(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var value = new StringBuilder();
        bool replaced = false;
        foreach (char c in text)
        {
            if (IsPart(c)) value.Append(c);
            else if (!replaced) value.Append('-');
            replaced = !IsPart(c);
        }

        string trimmed = value.ToString().Trim('-', '_', '.');
        return (trimmed.Length > MaxLength ? trimmed[..MaxLength] : trimmed).TrimEnd('-', '_', '.');
    }

    private static bool IsPart(char c) => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.';
}
