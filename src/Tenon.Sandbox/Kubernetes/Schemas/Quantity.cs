using System.Globalization;
using System.Numerics;

namespace Tenon.Sandbox.Kubernetes.Schemas;

/// <summary>An amount of a resource, such as <c>500m</c> or <c>1Gi</c>, kept exactly in billionths.</summary>
public readonly record struct Quantity(BigInteger Nano) : IComparable<Quantity>
{
    private static readonly BigInteger Billion = 1_000_000_000;

    /// <summary>Whole units, rounded up.</summary>
    public long Value => (long)BigInteger.Divide(Nano + (Nano.Sign > 0 ? Billion - 1 : 0), Billion);

    /// <summary>Thousandths, rounded up.</summary>
    public long MilliValue => (long)BigInteger.Divide(Nano + (Nano.Sign > 0 ? 999_999 : 0), 1_000_000);

    /// <summary>Reads the notation of the API; false where it is malformed.</summary>
    public static bool TryParse(string text, out Quantity quantity)
    {
        quantity = default;
        int digits = 0;
        while (digits < text.Length && (char.IsAsciiDigit(text[digits]) || text[digits] == '.' || (digits == 0 && text[digits] is '+' or '-'))) digits++;
        if (!decimal.TryParse(text.AsSpan(0, digits), NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out decimal number))
            return false;
        string suffix = text[digits..];
        BigInteger multiplier;
        BigInteger divisor = 1;
        switch (suffix)
        {
            case "":
                multiplier = Billion;
                break;
            case "n":
                multiplier = 1;
                break;
            case "u":
                multiplier = 1000;
                break;
            case "m":
                multiplier = 1_000_000;
                break;
            case "Ki" or "Mi" or "Gi" or "Ti" or "Pi" or "Ei":
                multiplier = Billion * BigInteger.Pow(1024, "KMGTPE".IndexOf(suffix[0], StringComparison.Ordinal) + 1);
                break;
            case "k" or "M" or "G" or "T" or "P" or "E":
                multiplier = Billion * BigInteger.Pow(1000, "kMGTPE".IndexOf(suffix[0], StringComparison.Ordinal) + 1);
                break;
            default:
                if (suffix[0] is not ('e' or 'E')
                    || !int.TryParse(suffix.AsSpan(1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out int exponent)
                    || exponent is < -9 or > 18)
                {
                    return false;
                }

                multiplier = exponent < 0 ? Billion : Billion * BigInteger.Pow(10, exponent);
                if (exponent < 0) divisor = BigInteger.Pow(10, -exponent);
                break;
        }

        var scaled = new BigInteger(decimal.Truncate(number));
        decimal fraction = number - decimal.Truncate(number);
        BigInteger nano = ((scaled * multiplier) + new BigInteger(decimal.Round(fraction * 1_000_000_000m)) * multiplier / Billion) / divisor;
        quantity = new(nano);
        return true;
    }

    /// <inheritdoc/>
    public int CompareTo(Quantity other) => Nano.CompareTo(other.Nano);

    /// <summary>Less than.</summary>
    public static bool operator <(Quantity left, Quantity right) => left.CompareTo(right) < 0;

    /// <summary>Greater than.</summary>
    public static bool operator >(Quantity left, Quantity right) => left.CompareTo(right) > 0;

    /// <summary>At most.</summary>
    public static bool operator <=(Quantity left, Quantity right) => left.CompareTo(right) <= 0;

    /// <summary>At least.</summary>
    public static bool operator >=(Quantity left, Quantity right) => left.CompareTo(right) >= 0;
}
